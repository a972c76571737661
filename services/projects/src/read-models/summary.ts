import type { CostsFact } from '@tongchou/contracts';
import { formatMoney } from '@tongchou/kernel';
import type { ProjectEvent } from '../domain/project.ts';

const days = (count: number): string => `${Math.abs(count)} day${Math.abs(count) === 1 ? '' : 's'}`;

const IMPLAUSIBLE = {
  MoreThan30YearsAfterPeriod: 'more than 30 years after the period',
  MoreThan20YearsFromLastForecast: 'more than 20 years from the last forecast',
};

function phaseInWords(event: Extract<ProjectEvent, { word: string }>): string {
  switch (event.type) {
    case 'PhaseReported':
      return `In phase ${event.word}`;
    case 'PhaseChanged':
      return `From phase ${event.fromWord} ${event.backward ? 'back ' : ''}to ${event.word}`;
    case 'PhaseCorrectedLate':
      return `Was in phase ${event.word} then; today's stays`;
  }
}

function finishInWords(event: Extract<ProjectEvent, { finish: string }>): string {
  switch (event.type) {
    case 'BaselineFinishSet':
      return `Baseline finish ${event.finish}`;
    case 'FinishForecastRevised':
      return `Finish ${event.finish}, ${days(event.slipDays)} ${event.slipDays > 0 ? 'later' : 'earlier'}`;
    case 'FinishForecastCorrectedLate':
      return `Finish was forecast for ${event.finish} then; today's stays`;
    case 'FinishForecastQuarantined':
      return `Finish ${event.finish} not believed: ${IMPLAUSIBLE[event.reason]}`;
  }
}

function reportInWords(event: Extract<ProjectEvent, { period: string }>): string {
  if ('word' in event) return phaseInWords(event);
  if ('finish' in event) return finishInWords(event);
  switch (event.type) {
    case 'DesignStartReported':
      return `Design started on ${event.designStart}`;
    case 'DesignStartCorrected':
      return `Design started on ${event.designStart}, not on ${event.from}`;
    case 'DesignStartCorrectedLate':
      return `Start of design was said to be ${event.designStart} then; today's stays`;
    case 'ProgressRecorded':
      return `${event.percentComplete} % complete`;
    case 'ProgressCorrected':
      return `${event.percentComplete} % complete, not ${event.from} %: ${event.correction}`;
    case 'ProgressCorrectedLate':
      return `Was ${event.percentComplete} % complete then; today's stays`;
    case 'StatusConfirmed':
      return 'Heard of, nothing new';
  }
}

/** An own fact in one line, as a clerk would say it. */
export function ownInWords(event: ProjectEvent): string {
  if ('period' in event) return reportInWords(event);
  switch (event.type) {
    case 'ProjectRegistered':
      return `Registered by ${event.register} as ${event.reference}: ${event.name}`;
    case 'ProjectCodeAssigned':
      return `Project code ${event.code}`;
    case 'ProjectCorrected':
      return `Corrected ${Object.keys(event.details).join(', ')}: ${event.reason}`;
    case 'ProjectCancelled':
      return `Cancelled: ${event.reason}`;
  }
}

/** A fact of costs in one line. */
export function costsInWords(event: CostsFact): string {
  switch (event.type) {
    case 'CostSheetOpened':
      return 'Cost sheet opened';
    case 'CostSheetClosed':
      return `Cost sheet closed: ${event.reason}`;
    case 'BudgetBaselineReported':
      return `Baseline budget ${formatMoney(event.amount)}`;
    case 'BudgetRevised':
      return `Budget ${formatMoney(event.amount)}, before ${formatMoney(event.from)}`;
    case 'BudgetConfirmed':
      return `Budget ${formatMoney(event.amount)} confirmed`;
    case 'BudgetCorrectedLate':
      return `Budget was ${formatMoney(event.amount)} then; today's stays`;
    case 'BudgetQuarantined':
      return `Budget ${formatMoney(event.amount)} not believed: it is not positive`;
    case 'CeilingSet':
      return `Approved ceiling ${formatMoney(event.amount)}, ${event.approval}`;
    case 'CeilingRaised':
      return `Approved ceiling ${formatMoney(event.amount)}, before ${formatMoney(event.from)}, ${event.approval}`;
    case 'OverrunFlagged':
      return `Budget ${formatMoney(event.budget)} is ${formatMoney(event.over)} above the ceiling`;
  }
}
