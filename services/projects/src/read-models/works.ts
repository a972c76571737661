import { addDays, daysBetween, isoDate } from '@tongchou/kernel';
import type { Cents, IsoDate, ReadModel } from '@tongchou/kernel';
import { givenWords, listedWords, writtenPlace } from '@tongchou/contracts';
import type { CostsFact } from '@tongchou/contracts';
import type { ProjectDetails, ProjectEvent } from '../domain/project.ts';
import { projectOf } from './heard.ts';
import type { HeardFact } from './heard.ts';
import { phaseCode } from './phase-code.ts';

/** A work is late when its finish is forecast more than this many days after its baseline. */
const LATE_AFTER_DAYS = 30;
/** A work is dear when its budget is more than this many percent of its baseline. */
const DEAR_ABOVE_PERCENT = 105n;
/** A work is silent when more than this many days have passed since it was last heard of. */
export const SILENT_AFTER_DAYS = 180;

const LAST_DAY = isoDate('9999-12-31');

/**
 * 一套表, the one table: one row a project, from facts of projects and costs. What costs says may arrive first: such a row
 * is not `registered` and is not shown. What was not given, or not accepted yet, is null.
 */
export interface WorksRow {
  readonly projectId: string;
  readonly registered: boolean;
  readonly register: string | null;
  readonly reference: string | null;
  readonly name: string | null;
  readonly description: string | null;
  /** Categories as the register writes them, and the same as a list. */
  readonly projectType: string | null;
  readonly categories: readonly string[];
  readonly department: string | null;
  readonly clientDepartment: string | null;
  /** Districts as the register writes them, and the same as a list. */
  readonly writtenDistricts: string | null;
  readonly districts: readonly string[];
  readonly projectCode: string | null;
  readonly registeredOn: string | null;
  readonly phase: string | null;
  readonly reportedPhase: string | null;
  readonly designStart: string | null;
  /** Hundredths of a percent. */
  readonly progress: number | null;
  readonly baselineFinish: string | null;
  readonly forecastFinish: string | null;
  readonly slipDays: number | null;
  readonly late: boolean;
  readonly baselineBudget: Cents | null;
  readonly currentBudget: Cents | null;
  readonly dear: boolean;
  readonly ceiling: Cents | null;
  readonly lastHeardOn: string | null;
  /** The last day on which the work is not silent; null once nobody has to report any more. */
  readonly silentAfter: string | null;
  /** Why the work was cancelled. */
  readonly cancelledBecause: string | null;
}

const empty = (projectId: string): WorksRow => ({
  projectId,
  registered: false,
  register: null,
  reference: null,
  name: null,
  description: null,
  projectType: null,
  categories: [],
  department: null,
  clientDepartment: null,
  writtenDistricts: null,
  districts: [],
  projectCode: null,
  registeredOn: null,
  phase: null,
  reportedPhase: null,
  designStart: null,
  progress: null,
  baselineFinish: null,
  forecastFinish: null,
  slipDays: null,
  late: false,
  baselineBudget: null,
  currentBudget: null,
  dear: false,
  ceiling: null,
  lastHeardOn: null,
  silentAfter: null,
  cancelledBecause: null,
});

type Described = Partial<
  Pick<
    WorksRow,
    | 'name'
    | 'description'
    | 'projectType'
    | 'categories'
    | 'department'
    | 'clientDepartment'
    | 'writtenDistricts'
    | 'districts'
  >
>;

/** What is said of a work in words, as far as it is said: an empty text takes a value away. */
function described(details: Partial<ProjectDetails>): Described {
  const { name, description, projectType, clientDepartment, districts } = details;
  return {
    ...writtenPlace(details),
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description: givenWords(description) }),
    ...(projectType !== undefined && { projectType: givenWords(projectType), categories: listedWords(projectType) }),
    ...(clientDepartment !== undefined && { clientDepartment: givenWords(clientDepartment) }),
    ...(districts !== undefined && { writtenDistricts: givenWords(districts) }),
  };
}

const laterOf = (one: string | null, other: string): string => (one !== null && one > other ? one : other);

function heardOn(row: WorksRow, day: IsoDate): WorksRow {
  const lastHeardOn = isoDate(laterOf(row.lastHeardOn, day));
  const room = daysBetween(lastHeardOn, LAST_DAY);
  const silentAfter = row.cancelledBecause === null ? addDays(lastHeardOn, Math.min(SILENT_AFTER_DAYS, room)) : null;
  return { ...row, lastHeardOn, silentAfter };
}

function forecast(row: WorksRow, finish: IsoDate): WorksRow {
  const baselineFinish = row.baselineFinish ?? finish;
  const slipDays = daysBetween(isoDate(baselineFinish), finish);
  return { ...row, baselineFinish, forecastFinish: finish, slipDays, late: slipDays > LATE_AFTER_DAYS };
}

function budgeted(row: WorksRow, amount: Cents): WorksRow {
  const baselineBudget = row.baselineBudget ?? amount;
  const dear = BigInt(amount) * 100n > BigInt(baselineBudget) * DEAR_ABOVE_PERCENT;
  return { ...row, baselineBudget, currentBudget: amount, dear };
}

type ReportFact = Extract<ProjectEvent, { period: IsoDate }>;

function onPhase(row: WorksRow, event: Extract<ReportFact, { word: string }>): WorksRow {
  switch (event.type) {
    case 'PhaseReported':
      return { ...row, phase: phaseCode(event.phase), reportedPhase: event.word };
    case 'PhaseChanged':
      return { ...row, phase: phaseCode(event.to), reportedPhase: event.word };
    case 'PhaseCorrectedLate':
      return row;
  }
}

function onFinish(row: WorksRow, event: Extract<ReportFact, { finish: IsoDate }>): WorksRow {
  switch (event.type) {
    case 'BaselineFinishSet':
    case 'FinishForecastRevised':
      return forecast(row, event.finish);
    case 'FinishForecastCorrectedLate':
    case 'FinishForecastQuarantined':
      return row;
  }
}

function onReport(row: WorksRow, event: ReportFact): WorksRow {
  if ('word' in event) return onPhase(row, event);
  if ('finish' in event) return onFinish(row, event);
  switch (event.type) {
    case 'DesignStartReported':
    case 'DesignStartCorrected':
      return { ...row, designStart: event.designStart };
    case 'ProgressRecorded':
    case 'ProgressCorrected':
      return { ...row, progress: Math.round(event.percentComplete * 100) };
    case 'DesignStartCorrectedLate':
    case 'ProgressCorrectedLate':
    case 'StatusConfirmed':
      return row;
  }
}

function onProject(row: WorksRow, event: ProjectEvent): WorksRow {
  if ('period' in event) return heardOn(onReport(row, event), event.period);
  switch (event.type) {
    case 'ProjectRegistered': {
      const { register, reference, registeredOn } = event;
      const named = { ...row, registered: true, register, reference, registeredOn, ...described(event) };
      return heardOn(named, registeredOn);
    }
    case 'ProjectCodeAssigned':
      return { ...row, projectCode: event.code };
    case 'ProjectCorrected':
      return { ...row, ...described(event.details) };
    case 'ProjectCancelled':
      return { ...row, cancelledBecause: event.reason, phase: phaseCode('Cancelled'), silentAfter: null };
  }
}

function onCosts(row: WorksRow, event: CostsFact): WorksRow {
  switch (event.type) {
    case 'BudgetBaselineReported':
    case 'BudgetRevised':
      return budgeted(row, event.amount);
    case 'CeilingSet':
    case 'CeilingRaised':
      return { ...row, ceiling: event.amount };
    case 'CostSheetOpened':
    case 'CostSheetClosed':
    case 'BudgetConfirmed':
    case 'BudgetCorrectedLate':
    case 'BudgetQuarantined':
    case 'OverrunFlagged':
      return row;
  }
}

export const works: ReadModel<WorksRow, HeardFact, 'projectId'> = {
  name: 'works',
  version: 1,
  columns: {
    projectId: 'uuid',
    registered: 'boolean',
    register: 'text?',
    reference: 'text?',
    name: 'text?',
    description: 'text?',
    projectType: 'text?',
    categories: 'text[]',
    department: 'text?',
    clientDepartment: 'text?',
    writtenDistricts: 'text?',
    districts: 'text[]',
    projectCode: 'text?',
    registeredOn: 'date?',
    phase: 'text?',
    reportedPhase: 'text?',
    designStart: 'date?',
    progress: 'integer?',
    baselineFinish: 'date?',
    forecastFinish: 'date?',
    slipDays: 'integer?',
    late: 'boolean',
    baselineBudget: 'bigint?',
    currentBudget: 'bigint?',
    dear: 'boolean',
    ceiling: 'bigint?',
    lastHeardOn: 'date?',
    silentAfter: 'date?',
    cancelledBecause: 'text?',
  },
  primaryKey: ['projectId'],
  indexes: [
    ['registered', 'name', 'projectId'],
    ['register', 'name', 'projectId'],
  ],
  key: (fact) => ({ projectId: projectOf(fact) }),
  fold: (row, fact) => {
    const before = row ?? empty(projectOf(fact));
    return fact.source === 'costs' ? onCosts(before, fact.event) : onProject(before, fact.event);
  },
};
