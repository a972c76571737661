import { accepting, quarantining, unreported } from '@tongchou/kernel';
import type { IsoDate, ProjectId, Reported } from '@tongchou/kernel';
import type { Phase, PhaseInWords, ReportedPhase } from './phase.ts';

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

type PhaseEvent =
  | (OfReport<'PhaseReported'> & PhaseInWords)
  | (OfReport<'PhaseChanged'> & {
      readonly from: Phase;
      readonly fromWord: string;
      readonly to: ReportedPhase;
      readonly word: string;
      readonly backward: boolean;
    })
  | (OfReport<'PhaseCorrectedLate'> & PhaseInWords);

type FinishEvent =
  | (OfReport<'BaselineFinishSet'> & { readonly finish: IsoDate })
  | (OfReport<'FinishForecastRevised'> & {
      readonly from: IsoDate;
      readonly finish: IsoDate;
      /** Days from the forecast before; negative when the finish comes earlier. */
      readonly slipDays: number;
      readonly reason?: DelayReason;
    })
  | (OfReport<'FinishForecastCorrectedLate'> & { readonly finish: IsoDate; readonly reason?: DelayReason })
  | (OfReport<'FinishForecastQuarantined'> & { readonly finish: IsoDate; readonly reason: ImplausibleFinish });

type DesignStartEvent =
  | (OfReport<'DesignStartReported'> & { readonly designStart: IsoDate })
  | (OfReport<'DesignStartCorrected'> & { readonly from: IsoDate; readonly designStart: IsoDate })
  | (OfReport<'DesignStartCorrectedLate'> & { readonly designStart: IsoDate });

type PercentEvent =
  | (OfReport<'ProgressRecorded'> & { readonly percentComplete: number })
  | (OfReport<'ProgressCorrected'> & {
      readonly from: number;
      readonly percentComplete: number;
      readonly correction: string;
    })
  | (OfReport<'ProgressCorrectedLate'> & { readonly percentComplete: number });

/** `StatusConfirmed`: the work was heard of, and nothing else is new. */
export type ReportEvent = PhaseEvent | FinishEvent | DesignStartEvent | PercentEvent | OfReport<'StatusConfirmed'>;

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
  if ('word' in event) return rememberPhase(said, event);
  if ('finish' in event) return { ...said, finishes: rememberFinish(said.finishes, event) };
  if ('designStart' in event) {
    return { ...said, designStarts: accepting(said.designStarts, period, event.designStart) };
  }
  if ('percentComplete' in event) {
    return { ...said, percents: accepting(said.percents, period, event.percentComplete) };
  }
  event.type satisfies 'StatusConfirmed';
  return said;
}

function rememberPhase(said: Said, event: PhaseEvent): Said {
  const words = accepting(said.words, event.period, event.word);
  switch (event.type) {
    case 'PhaseReported':
      return { ...said, words, phase: event.phase };
    case 'PhaseChanged':
      return { ...said, words, phase: event.to };
    case 'PhaseCorrectedLate':
      return { ...said, words };
  }
}

function rememberFinish(finishes: Reported<IsoDate>, { type, period, finish }: FinishEvent): Reported<IsoDate> {
  return type === 'FinishForecastQuarantined'
    ? quarantining(finishes, period, finish)
    : accepting(finishes, period, finish);
}
