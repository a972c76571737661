import type { Profile } from './profile.ts';
import type { Totals } from './totals.ts';

const number = (value: number): string => value.toLocaleString('en-US');

/** `28127941660.46` as `28,127,941,660.46`. */
export function thousands(money: string | null): string {
  if (money === null) return 'none';
  const [whole = '', places = '00'] = money.split('.');
  return `${whole.replaceAll(/\B(?=(\d{3})+$)/g, ',')}.${places}`;
}

/** What the city says of the register, as lines of a table: label and figures. */
export function controlTable(totals: Totals, profile: Pick<Profile<unknown>, 'name' | 'currency'>): string[] {
  const of = (kind: string): string => number(totals.facts?.[kind] ?? 0);
  const light = (state: string): string => `${state} ${number(totals.lights[state] ?? 0)}`;
  const listed = (counts: Readonly<Record<string, number>> = {}): string =>
    Object.entries(counts)
      .map(([name, count]) => `${name} ${number(count)}`)
      .join(', ');
  const kinds: readonly (readonly [string, string])[] =
    totals.facts === undefined
      ? []
      : [
          [
            'budgets first / revised / late / quarantined',
            `${of('BudgetBaselineReported')} / ${of('BudgetRevised')} / ${of('BudgetCorrectedLate')} / ${of('BudgetQuarantined')}`,
          ],
          [
            'forecasts baseline / revised (later, earlier) / late / quarantined',
            `${of('BaselineFinishSet')} / ${of('FinishForecastRevised')} (${of('FinishForecastRevised LATER')}, ${of('FinishForecastRevised EARLIER')}) / ${of('FinishForecastCorrectedLate')} / ${of('FinishForecastQuarantined')}`,
          ],
          [
            'phases first / changed (backward) / late',
            `${of('PhaseReported')} / ${of('PhaseChanged')} (${of('PhaseChanged BACKWARD')}) / ${of('PhaseCorrectedLate')}`,
          ],
          [
            'design starts first / corrected / late; confirmed',
            `${of('DesignStartReported')} / ${of('DesignStartCorrected')} / ${of('DesignStartCorrectedLate')}; ${of('StatusConfirmed')}`,
          ],
          ['last phases', listed(totals.lastPhases)],
        ];
  const rows: readonly (readonly [string, string])[] = [
    ['works', number(totals.works)],
    ...kinds,
    ['current budgets', `${thousands(totals.currentBudget)} ${profile.currency}`],
    ['baseline budgets', `${thousands(totals.baselineBudget)} ${profile.currency}`],
    ['total slip', `${number(totals.slipDays ?? 0)} days`],
    [
      `lights at ${totals.referenceDate}`,
      `${['BLOCKED', 'WATCH', 'NORMAL', 'UNKNOWN'].map(light).join(', ')} (${listed(totals.lightReasons)})`,
    ],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return [
    `The city says of ${profile.name}:`,
    ...rows.map(([label, figures]) => `  ${label.padEnd(width)}  ${figures}`),
  ];
}
