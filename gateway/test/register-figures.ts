import type { OracleWork, RegisterOracle } from './register-oracle.ts';

const PHASES = new Map([
  ['Scoping/Planning', 'SCREENING'],
  ['Design', 'DESIGNING'],
  ['Construction Procurement', 'PROCURING'],
  ['Construction', 'UNDER_CONSTRUCTION'],
  ['Close-Out', 'SUBSTANTIALLY_COMPLETE'],
]);

const days = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 86_400_000;

const money = (amount: bigint): string => {
  const digits = String(amount).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
};

const orNull = <Value>(value: Value | undefined): Value | null => value ?? null;
const moneyOrNull = (amount: string | undefined): string | null =>
  amount === undefined ? null : money(BigInt(amount));

const isDear = (first = '0', current = '0'): boolean => BigInt(current) * 100n > BigInt(first) * 105n;

const isLate = (baseline?: string, forecast?: string): boolean =>
  baseline !== undefined && forecast !== undefined && days(baseline, forecast) > 30;

function lightOf({ finish, budget, heard }: OracleWork, referenceDate: string) {
  const watch = Object.entries({
    LATE: isLate(finish.first, finish.stood()?.[1]),
    DEAR: isDear(budget.first, budget.stood()?.[1]),
    SILENT: days([...heard].sort().at(-1) ?? '', referenceDate) > 180,
  });
  const missing = Object.entries({
    BASELINE_FINISH_MISSING: finish.first === undefined,
    BASELINE_BUDGET_MISSING: budget.first === undefined,
  });
  const trueOnes = [...watch, ...missing].filter(([, holds]) => holds).map(([code]) => ({ code }));
  const otherwise = trueOnes.length > 0 ? 'UNKNOWN' : 'NORMAL';
  return { state: watch.some(([, holds]) => holds) ? 'WATCH' : otherwise, reasons: trueOnes };
}

/** The row of a work as the table of works answers it. */
function rowOf(work: OracleWork, referenceDate: string) {
  const { reference, name, department, districts, categories, phase, finish, designStart, budget } = work;
  const [word, forecast, current] = [phase, finish, budget].map((figure) => figure.stood()?.[1]);
  const slipDays = finish.first === undefined || forecast === undefined ? null : days(finish.first, forecast);
  const [baselineBudget, currentBudget] = [moneyOrNull(budget.first), moneyOrNull(current)];
  return {
    project: { reference, name, costSheet: { baselineBudget, currentBudget } },
    department,
    districts,
    categories,
    phase: word === undefined ? null : (PHASES.get(word) ?? 'OTHER'),
    reportedPhase: orNull(word),
    designStart: orNull(designStart.stood()?.[1]),
    baselineFinish: orNull(finish.first),
    forecastFinish: orNull(forecast),
    slipDays,
    baselineBudget,
    currentBudget,
    lastHeardOn: [...work.heard].sort().at(-1) ?? '',
    light: lightOf(work, referenceDate),
  };
}

type Row = ReturnType<typeof rowOf>;

interface Sums {
  works: number;
  currentBudget: bigint;
  baselineBudget: bigint;
  budgets: number;
}

const inCents = (amount: string | null): bigint => BigInt((amount ?? '0').replace('.', ''));

/** An equal part of whole cents; what is left over goes one each to the first. */
const part = (amount: bigint, place: number, of: number): bigint =>
  amount / BigInt(of) + (BigInt(place) < amount % BigInt(of) ? 1n : 0n);

function grouped(rows: readonly Row[], keysOf: (row: Row) => readonly (string | null)[]) {
  const groups = new Map<string | null, Sums>();
  for (const row of rows) {
    const found = keysOf(row);
    const keys = found.length === 0 ? [null] : found;
    for (const [place, key] of keys.entries()) {
      const sums = groups.get(key) ?? { works: 0, currentBudget: 0n, baselineBudget: 0n, budgets: 0 };
      sums.works += 1;
      sums.currentBudget += part(inCents(row.currentBudget), place, keys.length);
      sums.baselineBudget += part(inCents(row.baselineBudget), place, keys.length);
      sums.budgets += row.currentBudget === null ? 0 : 1;
      groups.set(key, sums);
    }
  }
  return Object.fromEntries(
    [...groups].map(([key, { works, currentBudget, baselineBudget, budgets }]) => [
      String(key),
      budgets === 0
        ? { works, currentBudget: null, baselineBudget: null }
        : { works, currentBudget: money(currentBudget), baselineBudget: money(baselineBudget) },
    ]),
  );
}

function counted(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

/** Every figure that the graph gives of a register, from the oracle's works. */
export function figuresOf(oracle: RegisterOracle, register: string, referenceDate: string) {
  const rows = [...oracle.works.values()].map((work) => rowOf(work, referenceDate));
  const { later, earlier, backward } = oracle;
  return {
    rows: Object.fromEntries(rows.map((row) => [row.project.reference, row])),
    headline: {
      works: rows.length,
      ...grouped(rows, () => ['all'])['all'],
      slipDays: rows.reduce((sum, { slipDays }) => sum + (slipDays ?? 0), 0),
    },
    lights: counted(rows.map(({ light }) => light.state)),
    reasons: counted(rows.flatMap(({ light }) => light.reasons.map(({ code }) => code))),
    groups: {
      DEPARTMENT: grouped(rows, ({ department }) => [department]),
      PHASE: grouped(rows, ({ phase }) => [phase]),
      REPORTED_PHASE: grouped(rows, ({ reportedPhase }) => [reportedPhase]),
      CATEGORY: grouped(rows, ({ categories }) => categories),
      DISTRICT: grouped(rows, ({ districts }) => districts),
      REGISTER: grouped(rows, () => [register]),
    },
    facts: Object.fromEntries(oracle.facts()),
    directions: { LATER: later, EARLIER: earlier, BACKWARD: backward },
  };
}
