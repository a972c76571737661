import type { TurnResult } from './run-trial.ts';

const MOST_REASONS = 5;

const shown = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 2 });

/** Names and numbers as a person reads them: `acknowledged 10,000, lost 0`. */
export const listed = (figures: Readonly<Record<string, number>>): string =>
  Object.entries(figures)
    .map(([name, value]) => `${name} ${shown(value)}`)
    .join(', ');

export const controlOf = ({ outcome }: TurnResult): string => {
  if (!outcome) return '';
  const { what, violations } = outcome.control;
  return violations.length > 0 ? `${what}: found out (${violations.length})` : `${what}: NOT found out`;
};

export const busOf = ({ trial, bus }: TurnResult): string => (trial.bus ? bus : '-');

/** One result as it comes in: a line, and what was wrong below it. */
export function onScreen(result: TurnResult): string {
  const { trial, seed, verdict, seconds, outcome, faults, reasons } = result;
  const head = `${trial.id.padEnd(4)} ${busOf(result).padEnd(9)} seed ${seed}  ${verdict}  ${seconds} s  ${trial.says}`;
  const more = [
    ...(outcome ? [`figures: ${listed(outcome.figures)}`] : []),
    ...(Object.keys(faults).length > 0 ? [`faults: ${listed(faults)}`] : []),
    ...(outcome ? [`control: ${controlOf(result)}`] : []),
    ...reasons.slice(0, MOST_REASONS).map((reason) => `${verdict}: ${reason}`),
    ...(reasons.length > MOST_REASONS ? [`and ${reasons.length - MOST_REASONS} more, in the history file`] : []),
  ];
  return [head, ...more.map((line) => `       ${line}`)].join('\n');
}

/** One line a promise and bus: the verdicts of all its seeds together. */
export function summary(results: readonly TurnResult[]): string {
  const rows = new Map<string, TurnResult[]>();
  for (const result of results) {
    const key = `${result.trial.id.padEnd(4)} ${busOf(result).padEnd(9)}`;
    rows.set(key, [...(rows.get(key) ?? []), result]);
  }
  return [...rows]
    .map(([key, all]) => `${key} ${all.map(({ seed, verdict }) => `${verdict} (seed ${seed})`).join(', ')}`)
    .join('\n');
}
