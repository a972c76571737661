import { daysBetween, noveltyOf, reject, standing, wasSaid, yearOf } from '@tongchou/kernel';
import type { IsoDate, Rejection } from '@tongchou/kernel';
import { isBackward } from './phase.ts';
import type { PhaseInWords } from './phase.ts';
import type { ImplausibleFinish, ReportEvent, ReportProgress, Restated, Said } from './progress-report.ts';

export type ProgressFalls = Rejection<'ProgressFalls', { readonly from: number; readonly to: number }>;

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
  if (implausible !== undefined) {
    return { fact: { type: 'FinishForecastQuarantined', period, finish, reason: implausible } };
  }
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
