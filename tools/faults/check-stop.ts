/** One process that was asked to end. */
export interface Stop {
  readonly app: string;
  /** From the signal until it was gone. */
  readonly exitMs: number;
}

export const EXIT_WITHIN_MS = 20_000;

/** What was not clean: requests through the gateway that failed meanwhile, processes that took too long. */
export function checkStops(stops: readonly Stop[], failures: ReadonlyMap<string, number>): string[] {
  return [
    ...[...failures].map(([reason, times]) => `failed ${times} times: ${reason}`),
    ...stops
      .filter(({ exitMs }) => exitMs > EXIT_WITHIN_MS)
      .map(({ app, exitMs }) => `${app} took ${exitMs} ms to end, not ${EXIT_WITHIN_MS}`),
  ];
}
