/** A part that was kept from working, and what its process said of it. */
export interface Death {
  readonly fault: string;
  /** After how long it said that it is not ready, by the reason that belongs to this fault. */
  readonly saidAfterMs?: number;
  /** After how long the process had ended, or gave no answer any more. */
  readonly goneAfterMs?: number;
  /** The part still did its work towards the end: it was not dead. */
  readonly worked: boolean;
}

export const SAID_WITHIN_MS = 30_000;

/** What does not work says so, or ends, within 30 s. */
export function judgeDeaths(deaths: readonly Death[]): string[] {
  return deaths.flatMap(({ fault, saidAfterMs, goneAfterMs, worked }) => {
    const after = Math.min(saidAfterMs ?? Infinity, goneAfterMs ?? Infinity);
    if (worked || after <= SAID_WITHIN_MS) return [];
    if (after === Infinity) return [`${fault}: nothing worked, and the process stayed ready`];
    return [`${fault}: it was told after ${(after / 1_000).toFixed(1)} s only`];
  });
}
