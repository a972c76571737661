import type { IsoDate } from '@tongchou/kernel';
import { formatMoney } from '@tongchou/kernel';
import type { Bind } from '@tongchou/service-shell';
import { SILENT_AFTER_DAYS } from '../read-models/works.ts';
import type { WorksRow } from '../read-models/works.ts';

export const LIGHT_STATES = ['BLOCKED', 'WATCH', 'NORMAL', 'UNKNOWN'] as const;

export type LightState = (typeof LIGHT_STATES)[number];

/** Worst first: an answer gives a work's reasons in this order. */
export const LIGHT_REASONS = ['LATE', 'DEAR', 'SILENT', 'BASELINE_FINISH_MISSING', 'BASELINE_BUDGET_MISSING'] as const;

export type LightReason = (typeof LIGHT_REASONS)[number];

/** What no service tells yet. */
export const NOT_JUDGED = ['funds', 'wages'];

/** The conditions of a light over a row `w` of works, as SQL: the rule, in one place, for rows, filters and sums. */
export interface LightSql {
  readonly reasons: Readonly<Record<LightReason, string>>;
  readonly state: string;
  /** 1 for the worst. */
  readonly rank: string;
}

/** Version 1 of the rule. What depends on the day is stored as the day on which it changes, and compared here. */
export function lightAt(referenceDate: IsoDate, bind: Bind): LightSql {
  const reasons = {
    LATE: 'w.late',
    DEAR: 'w.dear',
    SILENT: `coalesce(w.silent_after < ${bind(referenceDate)}::date, false)`,
    BASELINE_FINISH_MISSING: 'w.baseline_finish is null',
    BASELINE_BUDGET_MISSING: 'w.baseline_budget is null',
  };
  const watch = `${reasons.LATE} or ${reasons.DEAR} or ${reasons.SILENT}`;
  const unknown = `${reasons.BASELINE_FINISH_MISSING} or ${reasons.BASELINE_BUDGET_MISSING}`;
  const among = (watched: string, missing: string, normal: string): string =>
    `case when ${watch} then ${watched} when ${unknown} then ${missing} else ${normal} end`;
  return { reasons, state: among(`'WATCH'`, `'UNKNOWN'`, `'NORMAL'`), rank: among('2', '3', '4') };
}

const inPercent = (part: number, whole: number): string => ((100 * (part - whole)) / whole).toFixed(1);

/** A reason in words, with the figures of its row. */
export function reasonInWords(reason: LightReason, row: WorksRow): string {
  switch (reason) {
    case 'LATE':
      return `The finish is forecast ${row.slipDays} days after its baseline.`;
    case 'DEAR':
      return row.currentBudget !== null && row.baselineBudget !== null
        ? `The budget ${formatMoney(row.currentBudget)} is ${inPercent(row.currentBudget, row.baselineBudget)} % above its baseline.`
        : 'The budget is above its baseline.';
    case 'SILENT':
      return `Last heard of on ${row.lastHeardOn}, more than ${SILENT_AFTER_DAYS} days before.`;
    case 'BASELINE_FINISH_MISSING':
      return 'No forecast of a finish was ever accepted.';
    case 'BASELINE_BUDGET_MISSING':
      return 'No budget was ever accepted.';
  }
}
