import type { IsoDate } from './dates.ts';

/** A value as its source gave it: the period it spoke of, and what it said. */
export type ReportedValue<Value> = readonly [period: IsoDate, value: Value];

/**
 * All that a source has said about one figure, in order of arrival. Plain data, so that snapshots can hold it. Quarantined
 * values are remembered, so that the same report again is known, but never stand.
 */
export interface Reported<Value extends string | number> {
  readonly accepted: readonly ReportedValue<Value>[];
  readonly quarantined: readonly ReportedValue<Value>[];
}

/** Nothing has been said yet. */
export const unreported: Reported<never> = { accepted: [], quarantined: [] };

/**
 * What a report adds. `Seen`: this value was reported for this period before. `First`: nothing was accepted before.
 * `Revised`: another value for the standing period or a later one. `Restated`: the value that stood, for a further period.
 * `Late`: another value for a period before the standing one; what stands does not move.
 */
export type Novelty = 'Seen' | 'First' | 'Revised' | 'Restated' | 'Late';

const same = (period: IsoDate, value: unknown) => (said: ReportedValue<unknown>) =>
  said[0] === period && said[1] === value;

/** Whether this value was reported for this period before, accepted or quarantined. */
export function wasSaid<Value extends string | number>(said: Reported<Value>, period: IsoDate, value: Value): boolean {
  return said.accepted.some(same(period, value)) || said.quarantined.some(same(period, value));
}

/** The accepted value of the latest period up to `until`; of one period, the one that came last. */
export function standing<Value extends string | number>(
  said: Reported<Value>,
  until?: IsoDate,
): ReportedValue<Value> | undefined {
  return said.accepted.reduce<ReportedValue<Value> | undefined>((best, next) => {
    const inTime = until === undefined || next[0] <= until;
    return inTime && (best === undefined || next[0] >= best[0]) ? next : best;
  }, undefined);
}

/** What an acceptable report adds to what was said. */
export function noveltyOf<Value extends string | number>(
  said: Reported<Value>,
  period: IsoDate,
  value: Value,
): Novelty {
  if (wasSaid(said, period, value)) return 'Seen';
  const now = standing(said);
  if (now === undefined) return 'First';
  if (period >= now[0]) return value === now[1] ? 'Restated' : 'Revised';
  const then = standing(said, period) ?? now;
  return value === now[1] && value === then[1] ? 'Restated' : 'Late';
}

/** What was said, with one more accepted value; none when `value` is absent. */
export function accepting<Value extends string | number>(
  said: Reported<Value>,
  period: IsoDate,
  value: Value | undefined,
): Reported<Value> {
  return value === undefined ? said : { ...said, accepted: [...said.accepted, [period, value]] };
}

/** What was said, with one more value that was not believed. */
export function quarantining<Value extends string | number>(
  said: Reported<Value>,
  period: IsoDate,
  value: Value,
): Reported<Value> {
  return { ...said, quarantined: [...said.quarantined, [period, value]] };
}
