/**
 * What the rules make of a register's rows, told once more and as plainly as possible, apart from the services: one loop
 * over sorted rows. Specs compare the city's answers with it.
 */

/** A row of the file, by its column's names. */
export type RegisterRow = Readonly<Record<string, string>>;

interface Told {
  readonly kind: string;
  readonly period: string;
}

type Said = readonly [period: string, value: string];

/** One figure of a work: what was said of it, in order, and what of that was believed. */
class Figure {
  readonly said: Said[] = [];
  readonly believed: Said[] = [];

  get first(): string | undefined {
    return this.believed[0]?.[1];
  }

  /** The last value of the latest period up to `until`. */
  stood(until = '9999-12-31'): Said | undefined {
    const inTime = this.believed.filter(([period]) => period <= until);
    return inTime.reduce<Said | undefined>((best, next) => (best && next[0] < best[0] ? best : next), undefined);
  }

  /** What a value for a period is: `known`, `quarantined`, `first`, `revised`, `late`, or `same` where it already stands. */
  hear(period: string, value: string, believable: boolean): string {
    if (this.said.some((one) => one[0] === period && one[1] === value)) return 'known';
    this.said.push([period, value]);
    if (!believable) return 'quarantined';
    const [now, then] = [this.stood(), this.stood(period)];
    this.believed.push([period, value]);
    if (!now) return 'first';
    if (period >= now[0]) return value === now[1] ? 'same' : 'revised';
    return value === now[1] && (then === undefined || then[1] === value) ? 'same' : 'late';
  }
}

export interface OracleWork {
  readonly reference: string;
  readonly name: string;
  readonly department: string | null;
  readonly districts: readonly string[];
  readonly categories: readonly string[];
  readonly phase: Figure;
  readonly finish: Figure;
  readonly designStart: Figure;
  readonly budget: Figure;
  readonly heard: Set<string>;
  /** Facts in order, of each service. */
  readonly projects: Told[];
  readonly costs: Told[];
}

const MAPPED = ['Scoping/Planning', 'Design', 'Construction Procurement', 'Construction', 'Close-Out'];
const DAY = /^(\d\d)\/(\d\d)\/(\d{4})/;

const day = (text = ''): string => text.trim().replace(DAY, '$3-$1-$2').slice(0, 10);
const cell = (row: RegisterRow, column: string): string => (row[column] ?? '').trim();
const list = (text: string): string[] => [...new Set(text.split(', ').filter((word) => word !== ''))];

/** Cents of a decimal text. */
export function centsOf(text: string): bigint {
  const [whole = '', places = ''] = text.replace('-', '').split('.');
  return BigInt(`${text.startsWith('-') ? '-' : ''}${whole}${places.padEnd(2, '0')}`);
}

/** Twenty calendar years are 200,000 in this order, in which 29 February is the 28th. */
const calendar = (text: string): number => Number(text.replace('-02-29', '-02-28').replaceAll('-', ''));

function believableFinish(period: string, finish: string, last: string | undefined): boolean {
  if (Number(finish.slice(0, 4)) - Number(period.slice(0, 4)) > 30) return false;
  return last === undefined || Math.abs(calendar(finish) - calendar(last)) <= 200_000;
}

function firstNaming(row: RegisterRow): OracleWork {
  return {
    reference: cell(row, 'PID'),
    name: cell(row, 'Project Name'),
    department: cell(row, 'Managing Agency') || null,
    districts: list(cell(row, 'Borough')),
    categories: list(cell(row, 'Category')),
    phase: new Figure(),
    finish: new Figure(),
    designStart: new Figure(),
    budget: new Figure(),
    heard: new Set(),
    projects: [{ kind: 'ProjectRegistered', period: day(row['Date Reported As Of']) }],
    costs: [{ kind: 'CostSheetOpened', period: '' }],
  };
}

const KINDS = {
  phase: { first: 'PhaseReported', revised: 'PhaseChanged', late: 'PhaseCorrectedLate' },
  finish: {
    first: 'BaselineFinishSet',
    revised: 'FinishForecastRevised',
    late: 'FinishForecastCorrectedLate',
    quarantined: 'FinishForecastQuarantined',
  },
  designStart: { first: 'DesignStartReported', revised: 'DesignStartCorrected', late: 'DesignStartCorrectedLate' },
  budget: {
    first: 'BudgetBaselineReported',
    revised: 'BudgetRevised',
    late: 'BudgetCorrectedLate',
    quarantined: 'BudgetQuarantined',
    same: 'BudgetConfirmed',
  },
};

/** The register as a naive reader of its rows knows it. */
export class RegisterOracle {
  readonly works = new Map<string, OracleWork>();
  later = 0;
  earlier = 0;
  backward = 0;

  /** One file: rows in order of period, then reference, then as they stand. */
  read(rows: readonly RegisterRow[]): void {
    const key = (row: RegisterRow): string => day(row['Date Reported As Of']) + cell(row, 'PID').padStart(12, '0');
    const order = (a: RegisterRow, b: RegisterRow): number => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0);
    for (const row of rows.toSorted(order)) this.#hear(row);
  }

  /** Facts of all works by kind. */
  facts(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { projects, costs } of this.works.values()) {
      for (const { kind } of [...projects, ...costs]) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    return counts;
  }

  #hear(row: RegisterRow): void {
    const work = this.works.get(cell(row, 'PID')) ?? firstNaming(row);
    this.works.set(work.reference, work);
    const period = day(row['Date Reported As Of']);
    const heard = [
      this.#phase(work, period, row),
      this.#finish(work, period, row),
      this.#designStart(work, period, row),
    ];
    const facts = heard.some((what) => what !== 'same' && what !== 'known');
    const news = !work.heard.has(period) || heard.includes('same');
    if (!facts && news) work.projects.push({ kind: 'StatusConfirmed', period });
    work.heard.add(period);
    const budget = cell(row, 'Budget Forecast');
    if (budget === '') return;
    const amount = centsOf(budget);
    this.#tell(work.costs, 'budget', period, work.budget.hear(period, String(amount), amount > 0n));
  }

  #phase(work: OracleWork, period: string, row: RegisterRow): string {
    const word = cell(row, 'Current Phase');
    if (word === '') return 'known';
    const from = work.phase.stood()?.[1] ?? '';
    const what = work.phase.hear(period, word, true);
    const [before, after] = [MAPPED.indexOf(from), MAPPED.indexOf(word)];
    if (what === 'revised' && after >= 0 && after < before) this.backward += 1;
    return this.#tell(work.projects, 'phase', period, what);
  }

  #finish(work: OracleWork, period: string, row: RegisterRow): string {
    const finish = day(row['Forecast Completion']);
    if (finish === '') return 'known';
    const last = work.finish.stood()?.[1];
    const what = work.finish.hear(period, finish, believableFinish(period, finish, last));
    if (what === 'revised' && last !== undefined) this[finish > last ? 'later' : 'earlier'] += 1;
    return this.#tell(work.projects, 'finish', period, what);
  }

  #designStart(work: OracleWork, period: string, row: RegisterRow): string {
    const start = day(row['Design Start']);
    return start === ''
      ? 'known'
      : this.#tell(work.projects, 'designStart', period, work.designStart.hear(period, start, true));
  }

  #tell(told: Told[], figure: keyof typeof KINDS, period: string, what: string): string {
    const kinds: Readonly<Record<string, string>> = KINDS[figure];
    const kind = kinds[what];
    if (kind !== undefined) told.push({ kind, period });
    return what;
  }
}
