import type { Logger } from 'pino';

/** One step of an ordered end. */
export interface Stage {
  readonly name: string;
  readonly withinMs: number;
  end(): Promise<unknown>;
  /** Called when it took too long. */
  force?(): void;
}

/** Runs the stages one after the other. One that fails or takes too long is logged, and the next one begins. */
export async function inStages(log: Pick<Logger, 'warn'>, stages: readonly Stage[]): Promise<void> {
  for (const stage of stages) await run(log, stage);
}

async function run(log: Pick<Logger, 'warn'>, { name, withinMs, end, force }: Stage): Promise<void> {
  let alarm: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    alarm = setTimeout(() => reject(new Error(`took longer than ${withinMs} ms`)), withinMs);
  });
  try {
    await Promise.race([end(), late]);
  } catch (err) {
    log.warn({ err, stage: name }, 'stopping: a stage did not end in order');
    force?.();
  } finally {
    clearTimeout(alarm);
  }
}
