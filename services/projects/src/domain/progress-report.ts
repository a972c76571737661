import {
  accepting,
  daysBetween,
  noveltyOf,
  quarantining,
  reject,
  standing,
  unreported,
  wasSaid,
  yearOf,
} from '@tongchou/kernel';
import type { IsoDate, ProjectId, Rejection, Reported } from '@tongchou/kernel';
import { isBackward } from './phase.ts';
import type { Phase, PhaseInWords } from './phase.ts';

/** P4: why a finish moved. Reports may leave it out: the delay ledger then says `Unexplained`. */
export const DELAY_REASONS = [
  'UnforeseenSiteCondition',
  'ScopeOrDesignChange',
  'PermitPending',
  'Funding',
  'Legal',
  'Procurement',
  'Weather',
  'Contractor',
  'UtilityRelocation',
  'Other',
] as const;

export type DelayReason = (typeof DELAY_REASONS)[number];

/** One period's report of an agency that keeps its own register (P11). What is absent was not reported. */
export interface ReportProgress {
  readonly type: 'ReportProgress';
  readonly projectId: ProjectId;
  readonly period: IsoDate;
  readonly phase?: PhaseInWords | undefined;
  readonly finish?: IsoDate | undefined;
  /** Why the finish moved, where the report says so. */
  readonly reason?: DelayReason | undefined;
  readonly designStart?: IsoDate | undefined;
  /** Completed share of the works, 0 to 100, cumulative. */
  readonly percentComplete?: number | undefined;
  /** Why the completed share falls (P5). */
  readonly correction?: string | undefined;
}

/** Values that a report gave again although they already stood; carried by the last fact of that report. */
export interface Restated {
  readonly phase?: string;
  readonly finish?: IsoDate;
  readonly designStart?: IsoDate;
  readonly percentComplete?: number;
}

export type ImplausibleFinish = 'MoreThan30YearsAfterPeriod' | 'MoreThan20YearsFromLastForecast';

interface OfReport<Type extends string> {
  readonly type: Type;
  readonly period: IsoDate;
  readonly restated?: Restated;
}

export type ReportEvent =
  | (OfReport<'PhaseReported'> & PhaseInWords)
  | (OfReport<'PhaseChanged'> & {
      readonly from: Phase;
      readonly fromWord: string;
      readonly to: Phase;
      readonly word: string;
      readonly backward: boolean;
    })
  | (OfReport<'PhaseCorrectedLate'> & PhaseInWords)
  | (OfReport<'BaselineFinishSet'> & { readonly finish: IsoDate })
  | (OfReport<'FinishForecastRevised'> & {
      readonly from: IsoDate;
      readonly finish: IsoDate;
      /** Days from the forecast before; negative when the finish comes earlier. */
      readonly slipDays: number;
      readonly reason?: DelayReason;
    })
  | (OfReport<'FinishForecastCorrectedLate'> & { readonly finish: IsoDate; readonly reason?: DelayReason })
  | (OfReport<'FinishForecastQuarantined'> & { readonly finish: IsoDate; readonly reason: ImplausibleFinish })
  | (OfReport<'DesignStartReported'> & { readonly designStart: IsoDate })
  | (OfReport<'DesignStartCorrected'> & { readonly from: IsoDate; readonly designStart: IsoDate })
  | (OfReport<'DesignStartCorrectedLate'> & { readonly designStart: IsoDate })
  | (OfReport<'ProgressRecorded'> & { readonly percentComplete: number })
  | (OfReport<'ProgressCorrected'> & {
      readonly from: number;
      readonly percentComplete: number;
      readonly correction: string;
    })
  | (OfReport<'ProgressCorrectedLate'> & { readonly percentComplete: number })
  | OfReport<'StatusConfirmed'>;

export type ProgressFalls = Rejection<'ProgressFalls', { readonly from: number; readonly to: number }>;

/** What reports have said about one work. */
export interface Said {
  /** Periods that a report came for. */
  readonly heard: readonly IsoDate[];
  /** The phase that the standing word means. */
  readonly phase?: Phase;
  readonly words: Reported<string>;
  readonly finishes: Reported<IsoDate>;
  readonly designStarts: Reported<IsoDate>;
  readonly percents: Reported<number>;
}

export const nothingSaid: Said = {
  heard: [],
  words: unreported,
  finishes: unreported,
  designStarts: unreported,
  percents: unreported,
};

export function evolveReport(said: Said, event: ReportEvent): Said {
  const { period, restated = {} } = event;
  const heard = said.heard.includes(period) ? said.heard : [...said.heard, period];
  return remember(
    {
      ...said,
      heard,
      words: accepting(said.words, period, restated.phase),
      finishes: accepting(said.finishes, period, restated.finish),
      designStarts: accepting(said.designStarts, period, restated.designStart),
      percents: accepting(said.percents, period, restated.percentComplete),
    },
    event,
  );
}

function remember(said: Said, event: ReportEvent): Said {
  const { period } = event;
  switch (event.type) {
    case 'PhaseReported':
      return { ...said, phase: event.phase, words: accepting(said.words, period, event.word) };
    case 'PhaseChanged':
      return { ...said, phase: event.to, words: accepting(said.words, period, event.word) };
    case 'PhaseCorrectedLate':
      return { ...said, words: accepting(said.words, period, event.word) };
    case 'BaselineFinishSet':
    case 'FinishForecastRevised':
    case 'FinishForecastCorrectedLate':
      return { ...said, finishes: accepting(said.finishes, period, event.finish) };
    case 'FinishForecastQuarantined':
      return { ...said, finishes: quarantining(said.finishes, period, event.finish) };
    case 'DesignStartReported':
    case 'DesignStartCorrected':
    case 'DesignStartCorrectedLate':
      return { ...said, designStarts: accepting(said.designStarts, period, event.designStart) };
    case 'ProgressRecorded':
    case 'ProgressCorrected':
    case 'ProgressCorrectedLate':
      return { ...said, percents: accepting(said.percents, period, event.percentComplete) };
    case 'StatusConfirmed':
      return said;
  }
}

/** What one field of a report adds: a fact of its own, a value that already stood, or nothing. */
interface Judged {
  readonly fact?: ReportEvent;
  readonly restated?: Restated;
}

/** Finds what is new in a report; none when the same was reported for that period before. */
export function decideReport(report: ReportProgress, said: Said): readonly ReportEvent[] | ProgressFalls {
  const falls = progressFalls(report, said);
  if (falls !== undefined) return falls;
  const judged = [judgePhase, judgeFinish, judgeDesignStart, judgePercent].map((judge) => judge(report, said));
  const facts = judged.flatMap(({ fact }) => (fact === undefined ? [] : [fact]));
  const restated: Restated = Object.assign({}, ...judged.map((one) => one.restated));
  const anyRestated = Object.keys(restated).length > 0;
  const last = facts.at(-1);
  if (last !== undefined) return anyRestated ? facts.with(-1, { ...last, restated }) : facts;
  if (!anyRestated && said.heard.includes(report.period)) return [];
  return [{ type: 'StatusConfirmed', period: report.period, ...(anyRestated && { restated }) }];
}

function judgePhase({ period, phase: given }: ReportProgress, said: Said): Judged {
  if (given === undefined) return {};
  const { word, phase } = given;
  switch (noveltyOf(said.words, period, word)) {
    case 'Seen':
      return {};
    case 'Restated':
      return { restated: { phase: word } };
    case 'First':
      return { fact: { type: 'PhaseReported', period, word, phase } };
    case 'Late':
      return { fact: { type: 'PhaseCorrectedLate', period, word, phase } };
    case 'Revised':
      return { fact: phaseChanged(period, given, said) };
  }
}

function phaseChanged(period: IsoDate, { word, phase }: PhaseInWords, said: Said): ReportEvent {
  const from = said.phase ?? 'Other';
  const fromWord = standing(said.words)?.[1] ?? '';
  return { type: 'PhaseChanged', period, from, fromWord, to: phase, word, backward: isBackward(from, phase) };
}

function judgeFinish({ period, finish, reason }: ReportProgress, said: Said): Judged {
  if (finish === undefined || wasSaid(said.finishes, period, finish)) return {};
  const last = standing(said.finishes)?.[1];
  const implausible = implausibleFinish(period, finish, last);
  if (implausible !== undefined)
    return { fact: { type: 'FinishForecastQuarantined', period, finish, reason: implausible } };
  const why = reason === undefined ? {} : { reason };
  switch (noveltyOf(said.finishes, period, finish)) {
    case 'Seen':
      return {};
    case 'Restated':
      return { restated: { finish } };
    case 'First':
      return { fact: { type: 'BaselineFinishSet', period, finish } };
    case 'Late':
      return { fact: { type: 'FinishForecastCorrectedLate', period, finish, ...why } };
    case 'Revised': {
      const from = last ?? finish;
      return {
        fact: { type: 'FinishForecastRevised', period, from, finish, slipDays: daysBetween(from, finish), ...why },
      };
    }
  }
}

/** Orders days so that 10,000 is a calendar year; 29 February counts as 28. */
const calendarOrder = (day: IsoDate): number =>
  Number((day.endsWith('-02-29') ? `${day.slice(0, 8)}28` : day).replaceAll('-', ''));

/** P7: exactly 30 and exactly 20 years still pass. */
function implausibleFinish(period: IsoDate, finish: IsoDate, last: IsoDate | undefined): ImplausibleFinish | undefined {
  if (yearOf(finish) - yearOf(period) > 30) return 'MoreThan30YearsAfterPeriod';
  if (last === undefined) return undefined;
  const jump = Math.abs(calendarOrder(finish) - calendarOrder(last));
  return jump > 20 * 10_000 ? 'MoreThan20YearsFromLastForecast' : undefined;
}

function judgeDesignStart({ period, designStart }: ReportProgress, said: Said): Judged {
  if (designStart === undefined) return {};
  switch (noveltyOf(said.designStarts, period, designStart)) {
    case 'Seen':
      return {};
    case 'Restated':
      return { restated: { designStart } };
    case 'First':
      return { fact: { type: 'DesignStartReported', period, designStart } };
    case 'Late':
      return { fact: { type: 'DesignStartCorrectedLate', period, designStart } };
    case 'Revised': {
      const from = standing(said.designStarts)?.[1] ?? designStart;
      return { fact: { type: 'DesignStartCorrected', period, from, designStart } };
    }
  }
}

/** P5: a completed share only grows, unless a correction says why. */
function progressFalls(
  { period, percentComplete: to, correction }: ReportProgress,
  said: Said,
): ProgressFalls | undefined {
  if (to === undefined || correction !== undefined) return undefined;
  const from = standing(said.percents)?.[1];
  const falls = from !== undefined && to < from && noveltyOf(said.percents, period, to) === 'Revised';
  return falls ? reject('ProgressFalls', { from, to }) : undefined;
}

function judgePercent({ period, percentComplete, correction }: ReportProgress, said: Said): Judged {
  if (percentComplete === undefined) return {};
  const from = standing(said.percents)?.[1] ?? 0;
  switch (noveltyOf(said.percents, period, percentComplete)) {
    case 'Seen':
      return {};
    case 'Restated':
      return { restated: { percentComplete } };
    case 'Late':
      return { fact: { type: 'ProgressCorrectedLate', period, percentComplete } };
    case 'First':
    case 'Revised':
      return percentComplete < from && correction !== undefined
        ? { fact: { type: 'ProgressCorrected', period, from, percentComplete, correction } }
        : { fact: { type: 'ProgressRecorded', period, percentComplete } };
  }
}
