import type { IsoDate } from '@tongchou/kernel';
import { parameters } from '@tongchou/service-shell';
import type { Bind } from '@tongchou/service-shell';
import { LIGHT_REASONS, LIGHT_STATES, lightAt } from './light.ts';
import type { LightSql } from './light.ts';
import type { Statement } from './works-query.ts';

/** What a group and the headline have in common: counts, and sums over the works that have the figure. */
export interface Sums {
  readonly works: number;
  /** Cents in digits: a sum may be larger than a safe integer. */
  readonly baselineBudget: string | null;
  readonly currentBudget: string | null;
  readonly slipDays: number | null;
  /** In the order of `LIGHT_STATES`. */
  readonly lights: readonly number[];
}

export interface Headline extends Sums {
  /** In the order of `LIGHT_REASONS`. */
  readonly reasons: readonly number[];
  readonly silent: number;
  readonly notLocated: number;
}

export interface Group extends Sums {
  readonly key: string | null;
}

/** How works fall into groups: by one value, or by each of a list's. */
const DIMENSIONS = {
  DEPARTMENT: { value: 'w.department' },
  PHASE: { value: 'w.phase' },
  REPORTED_PHASE: { value: 'w.reported_phase' },
  REGISTER: { value: 'w.register' },
  CATEGORY: { list: 'w.categories' },
  DISTRICT: { list: 'w.districts' },
} as const;

export type Dimension = keyof typeof DIMENSIONS;

/** The state of each light counted, in the order of `LIGHT_STATES`. */
const countedLights = (light: LightSql): string =>
  `array[${LIGHT_STATES.map((state) => `count(*) filter (where (${light.state}) = '${state}')`).join()}]::integer[]`;

const summed = (amount: string): string => `sum(${amount})::text`;

function sums(light: LightSql, share: (column: string) => string): string {
  return `count(*)::integer as works,
    ${summed(share('w.baseline_budget'))} as "baselineBudget",
    ${summed(share('w.current_budget'))} as "currentBudget",
    sum(w.slip_days)::integer as "slipDays",
    ${countedLights(light)} as lights`;
}

const ofRegister = (register: string | null, bind: Bind): string => `w.registered and w.register = ${bind(register)}`;

/** The registers that works come from. */
export const REGISTERS_STATEMENT = `select distinct w.register from rm.works w where w.registered order by 1 limit 20`;

/** All figures of a register in one row. */
export function headlineStatement(register: string | null, referenceDate: IsoDate): Statement {
  const { values, bind } = parameters();
  const light = lightAt(referenceDate, bind);
  const reasons = LIGHT_REASONS.map((reason) => `count(*) filter (where ${light.reasons[reason]})`);
  const text = `select ${sums(light, (column) => column)},
    array[${reasons.join()}]::integer[] as reasons,
    (count(*) filter (where ${light.reasons.SILENT}))::integer as silent,
    (count(*) filter (where cardinality(w.districts) = 0))::integer as "notLocated"
    from rm.works w where ${ofRegister(register, bind)}`;
  return { text, values };
}

/** An equal share of whole cents; cents left over go one each to the first of the list. */
const equalShare = (list: string) => (amount: string) =>
  `case when part.nth is null then ${amount} else ${amount} / cardinality(${list})
    + case when part.nth <= abs(${amount} % cardinality(${list})) then sign(${amount})::bigint else 0 end end`;

/** The groups of a register; their money adds up to the headline's. */
export function groupsStatement(register: string | null, by: Dimension, referenceDate: IsoDate): Statement {
  const { values, bind } = parameters();
  const light = lightAt(referenceDate, bind);
  const dimension = DIMENSIONS[by];
  const inLists = 'list' in dimension;
  const key = inLists ? 'part.word' : dimension.value;
  const parts = inLists
    ? `left join lateral unnest(${dimension.list}) with ordinality as part (word, nth) on true`
    : '';
  const share = inLists ? equalShare(dimension.list) : (column: string) => column;
  const text = `select ${key} as key, ${sums(light, share)}
    from rm.works w ${parts} where ${ofRegister(register, bind)}
    group by ${key} order by ${key} is null, works desc, ${key}`;
  return { text, values };
}

/** Words in districts that stand in no list. */
export function unlistedStatement(register: string | null, listed: readonly string[]): Statement {
  const { values, bind } = parameters();
  const text = `select distinct word from rm.works w, unnest(w.districts) as word
    where ${ofRegister(register, bind)} and word <> all(${bind(listed)}::text[]) order by word`;
  return { text, values };
}

/** Facts of a register's works by kind. */
export function factsStatement(register: string | null): Statement {
  const { values, bind } = parameters();
  const text = `select h.source, h.type, h.direction, count(*)::integer as facts
    from rm.project_history h join rm.works w on w.project_id = h.project_id
    where ${ofRegister(register, bind)} group by 1, 2, 3 order by 1, 2, 3 nulls first`;
  return { text, values };
}
