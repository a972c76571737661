import { cents } from '@tongchou/kernel';
import type { Cents, Fact, ReadModel } from '@tongchou/kernel';
import type { CostSheetEvent } from '../domain/cost-sheet.ts';

/** An own fact: its data names the project. */
export type OwnFact = Fact<CostSheetEvent, 'costs'>;

/** One row a project. What nobody has said, or nothing was accepted of, is null: never 0. */
export interface CostSheetRow {
  readonly projectId: string;
  /** The version of the sheet's stream. */
  readonly version: number;
  readonly state: 'OPEN' | 'CLOSED';
  readonly closedBecause: string | null;
  readonly currentBudget: Cents | null;
  /** The latest period that the current budget was reported for. */
  readonly currentPeriod: string | null;
  readonly baselineBudget: Cents | null;
  readonly baselinePeriod: string | null;
  readonly revisions: number;
  readonly lateCorrections: number;
  readonly quarantined: number;
  readonly ceiling: Cents | null;
  readonly ceilingApproval: string | null;
  /** What the current budget is above the ceiling; null while it is not. */
  readonly overrun: Cents | null;
  /** How often the budget went above the ceiling. */
  readonly crossings: number;
}

const opened = (projectId: string): CostSheetRow => ({
  projectId,
  version: 0,
  state: 'OPEN',
  closedBecause: null,
  currentBudget: null,
  currentPeriod: null,
  baselineBudget: null,
  baselinePeriod: null,
  revisions: 0,
  lateCorrections: 0,
  quarantined: 0,
  ceiling: null,
  ceilingApproval: null,
  overrun: null,
  crossings: 0,
});

type Weighed = Pick<CostSheetRow, 'currentBudget' | 'ceiling'>;

function overrunOf({ currentBudget, ceiling }: Weighed): Cents | null {
  if (currentBudget === null || ceiling === null || currentBudget <= ceiling) return null;
  return cents(currentBudget - ceiling);
}

const weighed = (row: CostSheetRow): CostSheetRow => ({ ...row, overrun: overrunOf(row) });

const laterOf = (one: string | null, other: string): string => (one !== null && one > other ? one : other);

function after(row: CostSheetRow, event: CostSheetEvent): CostSheetRow {
  switch (event.type) {
    case 'CostSheetOpened':
      return row;
    case 'CostSheetClosed':
      return { ...row, state: 'CLOSED', closedBecause: event.reason };
    case 'BudgetBaselineReported': {
      const { amount, period } = event;
      return { ...row, baselineBudget: amount, baselinePeriod: period, currentBudget: amount, currentPeriod: period };
    }
    case 'BudgetRevised':
      return { ...row, currentBudget: event.amount, currentPeriod: event.period, revisions: row.revisions + 1 };
    case 'BudgetConfirmed':
      return { ...row, currentPeriod: laterOf(row.currentPeriod, event.period) };
    case 'BudgetCorrectedLate':
      return { ...row, lateCorrections: row.lateCorrections + 1 };
    case 'BudgetQuarantined':
      return { ...row, quarantined: row.quarantined + 1 };
    case 'CeilingSet':
    case 'CeilingRaised':
      return { ...row, ceiling: event.amount, ceilingApproval: event.approval };
    case 'OverrunFlagged':
      return { ...row, crossings: row.crossings + 1 };
  }
}

/** 成本表: what a work should cost, as its register reports it and as it was approved. */
export const costSheets: ReadModel<CostSheetRow, OwnFact, 'projectId'> = {
  name: 'cost_sheet',
  version: 1,
  columns: {
    projectId: 'uuid',
    version: 'integer',
    state: 'text',
    closedBecause: 'text?',
    currentBudget: 'bigint?',
    currentPeriod: 'date?',
    baselineBudget: 'bigint?',
    baselinePeriod: 'date?',
    revisions: 'integer',
    lateCorrections: 'integer',
    quarantined: 'integer',
    ceiling: 'bigint?',
    ceilingApproval: 'text?',
    overrun: 'bigint?',
    crossings: 'integer',
  },
  primaryKey: ['projectId'],
  key: ({ source, event }) => (source === 'costs' ? { projectId: event.projectId } : undefined),
  fold: (row, { event, version }) => weighed({ ...after(row ?? opened(event.projectId), event), version }),
};
