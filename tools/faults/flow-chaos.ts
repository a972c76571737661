import { setTimeout as pause } from 'node:timers/promises';
import { oneOf } from './random.ts';

/** Something to go wrong. `strike` resolves when it is over, to whether it really happened. */
export interface Fault {
  readonly name: string;
  /** Strikes so often, whatever else goes wrong; else in its turn. */
  readonly everyMs?: number;
  strike(): Promise<boolean>;
}

export interface ChaosPlan {
  readonly random: () => number;
  readonly faults: readonly Fault[];
  readonly forMs: number;
  readonly everyMs: number;
  readonly count: (fault: string) => void;
  readonly note: (event: object) => void;
}

/** In an order of the seed: each fault once, then any. */
function* inTurn(faults: readonly Fault[], random: () => number): Generator<Fault, never> {
  const left = [...faults];
  while (left.length > 0) {
    const fault = oneOf(random, left);
    left.splice(left.indexOf(fault), 1);
    yield fault;
  }
  for (;;) yield oneOf(random, faults);
}

/** Lets one thing after another go wrong, whether or not the last one is over; resolves when all is healed. Each fault at least once. */
export async function wreak({ random, faults, forMs, everyMs, count, note }: ChaosPlan): Promise<void> {
  const end = performance.now() + forMs;
  const under = new Map<Fault, Promise<void>>();
  const strike = async (fault: Fault): Promise<void> => {
    note({ strikes: fault.name });
    const happened = await fault.strike().catch((error: unknown) => {
      note({ failed: fault.name, error: String(error) });
      return false;
    });
    if (happened) count(fault.name);
  };
  const steadily = async (fault: Fault, often: number): Promise<void> => {
    while (performance.now() < end) await Promise.all([strike(fault), pause(often)]);
  };
  const steady = faults.map((fault) => fault.everyMs !== undefined && steadily(fault, fault.everyMs));
  const turns = faults.filter((fault) => fault.everyMs === undefined);
  let struck = 0;
  for (const fault of inTurn(turns, random)) {
    if (performance.now() > end && struck >= turns.length) break;
    struck += 1;
    if (!under.has(fault))
      under.set(
        fault,
        strike(fault).finally(() => under.delete(fault)),
      );
    await pause(everyMs);
  }
  await Promise.all([...steady, ...under.values()]);
}
