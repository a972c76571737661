/** One measured figure. `bar` is what it is held against, `met` whether it holds. */
export interface BenchRow {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  /** Lowest and highest run, where there were several. */
  readonly spread?: string;
  readonly bar?: string;
  readonly met?: boolean;
}

/** What one benchmark found, as data: who prints it decides how it looks. */
export interface BenchTable {
  readonly name: string;
  readonly rows: readonly BenchRow[];
  /** How it was measured, and what each contender does not do. */
  readonly notes: readonly string[];
}

/** The value at a share of the sorted list: 0.5 the median, 0.99 the 99th percentile. 0 for an empty list. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Lowest and highest of several runs, as a person reads them. */
export function spreadOf(values: readonly number[], places = 0): string {
  const shown = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: places });
  return `${shown(Math.min(...values))} to ${shown(Math.max(...values))}`;
}
