/** What was found after several instances had started at once on one database. */
export interface StartedRound {
  readonly round: number;
  readonly starters: number;
  /** How often the pending migration was carried out, and how often it is written down. */
  readonly carriedOut: number;
  readonly writtenDown: number;
  /** Why instances did not come up. */
  readonly faults: readonly string[];
  /** How many answered at all. */
  readonly answers: number;
}

/** One migrates, all come up. */
export function judgeStarts(rounds: readonly StartedRound[]): string[] {
  return rounds.flatMap(({ round, starters, carriedOut, writtenDown, faults, answers }) => [
    ...(carriedOut === 1 ? [] : [`round ${round}: the migration was carried out ${carriedOut} times`]),
    ...(writtenDown === 1 ? [] : [`round ${round}: the migration is written down ${writtenDown} times`]),
    ...(answers === starters ? [] : [`round ${round}: ${starters - answers} of ${starters} gave no answer`]),
    ...faults.map((fault) => `round ${round}: an instance did not come up: ${fault}`),
  ]);
}
