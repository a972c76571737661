import { money, number } from '../state/figures.ts';
import type { Profile } from './profile.ts';
import type { Totals } from './totals.ts';

type Line = readonly [label: string, figures: string];

/** How many facts of a kind, of one direction where it is named. */
function factsOf({ facts }: Totals, kind: string, direction?: string): string {
  const found = facts.filter((one) => one.type === kind && (direction === undefined || one.direction === direction));
  return number(found.reduce((sum, one) => sum + one.facts, 0));
}

function factLines(totals: Totals): Line[] {
  const of = (kind: string, direction?: string): string => factsOf(totals, kind, direction);
  const revised = `${of('FinishForecastRevised')} (${of('FinishForecastRevised', 'LATER')}, ${of('FinishForecastRevised', 'EARLIER')})`;
  return [
    [
      'budgets first / revised / late / quarantined',
      ['BudgetBaselineReported', 'BudgetRevised', 'BudgetCorrectedLate', 'BudgetQuarantined']
        .map((kind) => of(kind))
        .join(' / '),
    ],
    [
      'forecasts baseline / revised (later, earlier) / late / quarantined',
      [of('BaselineFinishSet'), revised, of('FinishForecastCorrectedLate'), of('FinishForecastQuarantined')].join(
        ' / ',
      ),
    ],
    [
      'phases first / changed (backward) / late',
      `${of('PhaseReported')} / ${of('PhaseChanged')} (${of('PhaseChanged', 'BACKWARD')}) / ${of('PhaseCorrectedLate')}`,
    ],
    [
      'design starts first / corrected / late',
      `${of('DesignStartReported')} / ${of('DesignStartCorrected')} / ${of('DesignStartCorrectedLate')}`,
    ],
    ['status confirmed', of('StatusConfirmed')],
  ];
}

/** What the city says of the register, as lines of a table: label and figures. */
export function controlTable(totals: Totals, profile: Pick<Profile<unknown>, 'name' | 'currency'>): string[] {
  const lights = totals.lights.filter(({ works }) => works > 0).map(({ state, works }) => `${state} ${number(works)}`);
  const reasons = totals.reasons.filter(({ works }) => works > 0).map(({ code, works }) => `${code} ${number(works)}`);
  const lines: readonly Line[] = [
    ['works', number(totals.works)],
    ...factLines(totals),
    ['current budgets', `${money(totals.currentBudget)} ${profile.currency}`],
    ['baseline budgets', `${money(totals.baselineBudget)} ${profile.currency}`],
    ['total slip', `${number(totals.slipDays ?? 0)} days`],
    ['last phases', totals.phases.map(({ key, works }) => `${key ?? 'none yet'} ${number(works)}`).join(', ')],
    [`lights at ${totals.referenceDate}`, `${lights.join(', ')} (${reasons.join(', ')})`],
  ];
  const width = Math.max(...lines.map(([label]) => label.length));
  return [
    `The city says of ${profile.name}:`,
    ...lines.map(([label, figures]) => `  ${label.padEnd(width)}  ${figures}`),
  ];
}
