import {
  accepting,
  cents,
  isRejection,
  noveltyOf,
  quarantining,
  reject,
  rejectForNow,
  standing,
  unreported,
  wasSaid,
} from '@tongchou/kernel';
import type { Cents, Decider, Decision, IsoDate, ProjectId, Rejection, Reported } from '@tongchou/kernel';

interface OfProject<Type extends string> {
  readonly type: Type;
  readonly projectId: ProjectId;
}

type OpenCostSheet = OfProject<'OpenCostSheet'>;
type CloseCostSheet = OfProject<'CloseCostSheet'> & { readonly reason: string };

/** The budget that a register reports for a period. */
type ReportBudget = OfProject<'ReportBudget'> & { readonly period: IsoDate; readonly amount: Cents };

/** 批复概算: the ceiling of the total investment, with the approver's reference. */
type SetCeiling = OfProject<'SetCeiling'> & Approval;
type RaiseCeiling = OfProject<'RaiseCeiling'> & Approval;

interface Approval {
  readonly amount: Cents;
  /** The approver's reference. */
  readonly approval: string;
}

export type CostSheetCommand = OpenCostSheet | CloseCostSheet | ReportBudget | SetCeiling | RaiseCeiling;

type OfReport<Type extends string> = OfProject<Type> & { readonly period: IsoDate; readonly amount: Cents };

export type CostSheetEvent =
  | OfProject<'CostSheetOpened'>
  | (OfProject<'CostSheetClosed'> & { readonly reason: string })
  | OfReport<'BudgetBaselineReported'>
  | (OfReport<'BudgetRevised'> & { readonly from: Cents })
  /** The budget that stood, reported for a further period. */
  | OfReport<'BudgetConfirmed'>
  | OfReport<'BudgetCorrectedLate'>
  | (OfReport<'BudgetQuarantined'> & { readonly reason: ImplausibleBudget })
  | (OfProject<'CeilingSet'> & Approval)
  | (OfProject<'CeilingRaised'> & Approval & { readonly from: Cents })
  /** C5: the budget went above the ceiling; once a crossing. */
  | (OfProject<'OverrunFlagged'> & { readonly budget: Cents; readonly ceiling: Cents; readonly over: Cents });

export type ImplausibleBudget = 'NotPositive';

export type CostSheetRefusal =
  | Rejection<'ProjectUnknown', { readonly projectId: ProjectId }>
  | Rejection<'CostSheetClosed', { readonly reason: string }>
  | Rejection<'CeilingNotPositive', { readonly amount: Cents }>
  | Rejection<'CeilingNotSet'>
  | Rejection<'CeilingAlreadySet', { readonly ceiling: Cents }>
  | Rejection<'CeilingNotHigher', { readonly ceiling: Cents }>;

interface Opened {
  readonly stage: 'Opened';
  /** The reason, once the sheet is closed. */
  readonly closed?: string;
  readonly budgets: Reported<Cents>;
  /** Each approved ceiling, the one that holds last. */
  readonly ceilings: readonly Approval[];
  readonly overrun: boolean;
}

export type CostSheetState = { readonly stage: 'Unopened' } | Opened;

const empty: Opened = { stage: 'Opened', budgets: unreported, ceilings: [], overrun: false };

function evolve(state: CostSheetState, event: CostSheetEvent): CostSheetState {
  if (state.stage === 'Opened') return evolveOpened(state, event);
  return event.type === 'CostSheetOpened' ? empty : state;
}

function evolveOpened(state: Opened, event: CostSheetEvent): Opened {
  const { budgets, ceilings } = state;
  switch (event.type) {
    case 'CostSheetOpened':
      return state;
    case 'CostSheetClosed':
      return { ...state, closed: event.reason };
    case 'BudgetBaselineReported':
    case 'BudgetRevised':
    case 'BudgetConfirmed':
    case 'BudgetCorrectedLate':
      return settled({ ...state, budgets: accepting(budgets, event.period, event.amount) });
    case 'BudgetQuarantined':
      return { ...state, budgets: quarantining(budgets, event.period, event.amount) };
    case 'CeilingSet':
    case 'CeilingRaised':
      return settled({ ...state, ceilings: [...ceilings, { amount: event.amount, approval: event.approval }] });
    case 'OverrunFlagged':
      return { ...state, overrun: true };
  }
}

/** An overrun ends when the ceiling covers the budget again. */
const settled = (sheet: Opened): Opened =>
  sheet.overrun && overrunOf(sheet) === undefined ? { ...sheet, overrun: false } : sheet;

function overrunOf(
  sheet: Opened,
): { readonly budget: Cents; readonly ceiling: Cents; readonly over: Cents } | undefined {
  const budget = standing(sheet.budgets)?.[1];
  const ceiling = sheet.ceilings.at(-1)?.amount;
  if (budget === undefined || ceiling === undefined || budget <= ceiling) return undefined;
  return { budget, ceiling, over: cents(budget - ceiling) };
}

type Decided = Decision<CostSheetEvent, CostSheetRefusal>;

function decide(command: CostSheetCommand, state: CostSheetState): Decided {
  const { projectId } = command;
  if (command.type === 'OpenCostSheet') return state.stage === 'Opened' ? [] : [{ type: 'CostSheetOpened', projectId }];
  // The registration is on its way over the bus, or there is no such project: only waiting tells.
  if (state.stage === 'Unopened') return rejectForNow('ProjectUnknown', { projectId });
  const decided = decideOpened(command, state);
  if (isRejection(decided) || decided.length === 0) return decided;
  if (state.closed !== undefined) return reject('CostSheetClosed', { reason: state.closed });
  return flagging(state, decided, projectId);
}

function decideOpened(command: Exclude<CostSheetCommand, OpenCostSheet>, sheet: Opened): Decided {
  switch (command.type) {
    case 'CloseCostSheet':
      return sheet.closed === undefined ? [{ ...command, type: 'CostSheetClosed' }] : [];
    case 'ReportBudget':
      return reportBudget(command, sheet);
    case 'SetCeiling':
      return setCeiling(command, sheet);
    case 'RaiseCeiling':
      return raiseCeiling(command, sheet);
  }
}

/** C5: reported works may exceed their ceiling; each crossing is recorded and flagged once. */
function flagging(sheet: Opened, events: readonly CostSheetEvent[], projectId: ProjectId): readonly CostSheetEvent[] {
  const after = events.reduce(evolveOpened, sheet);
  const overrun = overrunOf(after);
  if (overrun === undefined || after.overrun) return events;
  return [...events, { type: 'OverrunFlagged', projectId, ...overrun }];
}

function reportBudget({ projectId, period, amount }: ReportBudget, { budgets }: Opened): readonly CostSheetEvent[] {
  if (wasSaid(budgets, period, amount)) return [];
  const said = { projectId, period, amount };
  if (amount <= 0) return [{ type: 'BudgetQuarantined', ...said, reason: 'NotPositive' }];
  switch (noveltyOf(budgets, period, amount)) {
    case 'Seen':
      return [];
    case 'First':
      return [{ type: 'BudgetBaselineReported', ...said }];
    case 'Restated':
      return [{ type: 'BudgetConfirmed', ...said }];
    case 'Revised':
      return [{ type: 'BudgetRevised', ...said, from: standing(budgets)?.[1] ?? amount }];
    case 'Late':
      return [{ type: 'BudgetCorrectedLate', ...said }];
  }
}

const wasApproved = (ceilings: readonly Approval[], { amount, approval }: Approval): boolean =>
  ceilings.some((one) => one.amount === amount && one.approval === approval);

function setCeiling(command: SetCeiling, { ceilings }: Opened): Decided {
  const { projectId, amount, approval } = command;
  if (wasApproved(ceilings, command)) return [];
  if (amount <= 0) return reject('CeilingNotPositive', { amount });
  const held = ceilings.at(-1);
  if (held !== undefined) return reject('CeilingAlreadySet', { ceiling: held.amount });
  return [{ type: 'CeilingSet', projectId, amount, approval }];
}

function raiseCeiling(command: RaiseCeiling, { ceilings }: Opened): Decided {
  const { projectId, amount, approval } = command;
  if (wasApproved(ceilings, command)) return [];
  const from = ceilings.at(-1)?.amount;
  if (from === undefined) return reject('CeilingNotSet');
  if (amount <= from) return reject('CeilingNotHigher', { ceiling: from });
  return [{ type: 'CeilingRaised', projectId, from, amount, approval }];
}

/** A project's cost sheet 成本表: its reported budget by period, and its approved ceiling 批复概算. */
export const costSheet: Decider<CostSheetCommand, CostSheetEvent, CostSheetState, CostSheetRefusal> = {
  streamType: 'CostSheet',
  foldVersion: 1,
  initial: { stage: 'Unopened' },
  evolve,
  decide,
};
