import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 10;
const MOST_MS = 30_000;

/** Waits until `look` answers something else than `undefined` or `false`, at most 30 s; what was waited for is the error. */
export async function eventually<Found>(
  what: string,
  look: () => Found | undefined | false | Promise<Found | undefined | false>,
  withinMs: number = MOST_MS,
): Promise<Found> {
  for (const end = Date.now() + withinMs; Date.now() < end;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await pause(POLL_MS);
  }
  throw new Error(`Did not happen within ${withinMs} ms: ${what}`);
}
