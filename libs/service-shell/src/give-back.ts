/** What giving memory back looks at: cpu in microseconds since the start, resident memory in bytes. */
export interface Resources {
  cpu(): number;
  resident(): number;
  /** Collects everything and returns what is free to the system. */
  collect(): void;
}

const LOOK_MS = 10_000;
/** Share of one core below which a process is quiet: readers that only poll take a fiftieth. */
const QUIET_SHARE = 0.15;
/** Grown by less, it is not worth the pause of a collection (0.1 to 0.3 s). */
const GROWN_BYTES = 48 * 1_048_576;

const ofThisProcess = (collect: () => void): Resources => ({
  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  resident: () => process.memoryUsage.rss(),
  collect,
});

/** One look; gives back when the time since the last was quiet and the process has grown since it gave back. */
export function createLook({ cpu, resident, collect }: Resources, lookMs: number): () => void {
  let spent = cpu();
  let least = 0;
  return () => {
    const share = (cpu() - spent) / (lookMs * 1_000);
    if (share < QUIET_SHARE && resident() - least > GROWN_BYTES) {
      collect();
      least = resident();
    }
    spent = cpu();
  };
}

/**
 * Gives memory back once a busy time is over. V8 does so only for a process that hardly allocates, which one whose readers
 * poll never is: after an import it would keep three times what lives in it. Does nothing without `--expose-gc`.
 */
export function giveBackWhenQuiet(): void {
  const { gc } = globalThis;
  if (!gc) return;
  const collect = (): void => gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  setInterval(createLook(ofThisProcess(collect), LOOK_MS), LOOK_MS).unref();
}
