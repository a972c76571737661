import { setTimeout as pause } from 'node:timers/promises';
import type { Tried } from '../check-recovery.ts';
import type { TrialContext } from '../trial.ts';
import { sendBulk } from './door.ts';
import { registration } from './registration.ts';
import type { TrialCity } from './trial-city.ts';

const EVERY_MS = 50;
/** Well above what a command may take, so that one that takes too long is seen as such. */
const WITHIN_MS = 15_000;

/** Registers a work every 50 ms with projects, each on its own, so that a slow one holds up no other. */
export interface Probe {
  readonly tried: readonly Tried[];
  stop(): Promise<void>;
}

export function startProbe(context: TrialContext, city: TrialCity): Probe {
  const tried: Tried[] = [];
  const enough = new AbortController();
  const under = new Set<Promise<void>>();
  const door = city.direct('projects', city.urls('projects')[0] ?? '').bulk;
  const one = async (nth: number): Promise<void> => {
    const at = Date.now();
    const { answers } = await sendBulk(door, [registration(`probe-${nth}`)], WITHIN_MS);
    const [answer] = answers.values();
    const done = answer?.status === 'accepted' || answer?.status === 'repeated';
    tried.push({ at, ms: Date.now() - at, done });
    context.note({ probe: nth, ms: Date.now() - at, status: answer?.status ?? 'nothing' });
  };
  const loop = async (): Promise<void> => {
    for (let nth = 0; !enough.signal.aborted; nth += 1) {
      const sent = one(nth);
      under.add(sent);
      void sent.finally(() => under.delete(sent));
      await pause(EVERY_MS, undefined, { signal: enough.signal }).catch(() => undefined);
    }
    await Promise.all(under);
  };
  const all = loop();
  const stop = async (): Promise<void> => {
    enough.abort();
    await all;
  };
  context.atEnd(stop);
  return { tried, stop };
}
