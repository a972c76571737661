import type { Reach } from '@tongchou/access';
import { parameters } from '@tongchou/service-shell';
import { LIGHT_REASONS, LIGHT_STATES, lightAt } from './light.ts';
import type { LightSql } from './light.ts';
import { equalShare, partsOf, reachedCity, WHOLE } from './reached-city.ts';
import type { Amounts, ReachedCity } from './reached-city.ts';
import { reachedOfRegister, reachedWorks } from './reached-works.ts';
import type { Statement, Viewpoint } from './works-query.ts';

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

const sums = (light: LightSql, { baselineBudget, currentBudget }: Amounts): string => `count(*)::integer as works,
    ${summed(baselineBudget)} as "baselineBudget",
    ${summed(currentBudget)} as "currentBudget",
    sum(w.slip_days)::integer as "slipDays",
    ${countedLights(light)} as lights`;

/** The registers that works within reach come from. */
export function registersStatement(reach: Reach): Statement {
  const { values, bind } = parameters();
  const where = reachedWorks(reach, bind).join(' and ');
  return { text: `select distinct w.register from rm.works w where ${where} order by 1 limit 20`, values };
}

/** All figures of a register in one row. */
export function headlineStatement(register: string | null, { referenceDate, reach }: Viewpoint): Statement {
  const { values, bind } = parameters();
  const light = lightAt(referenceDate, bind);
  const { from, where, amounts } = reachedCity(register, reach, bind);
  const reasons = LIGHT_REASONS.map((reason) => `count(*) filter (where ${light.reasons[reason]})`);
  const text = `select ${sums(light, amounts)},
    array[${reasons.join()}]::integer[] as reasons,
    (count(*) filter (where ${light.reasons.SILENT}))::integer as silent,
    (count(*) filter (where cardinality(w.districts) = 0))::integer as "notLocated"
    from ${from} where ${where}`;
  return { text, values };
}

interface Grouping {
  readonly key: string;
  readonly from: string;
  readonly amounts: Amounts;
}

function groupingOf(by: Dimension, { from, amounts, districts }: ReachedCity): Grouping {
  const dimension = DIMENSIONS[by];
  if ('value' in dimension) return { key: dimension.value, from, amounts };
  const share = equalShare(dimension.list);
  // A district's share is of the whole work: who reaches some districts has no part of the others to split.
  const split = by === 'DISTRICT' ? WHOLE : amounts;
  return {
    key: 'part.word',
    from: `${from} ${by === 'DISTRICT' ? districts : partsOf(dimension.list)}`,
    amounts: { baselineBudget: share(split.baselineBudget), currentBudget: share(split.currentBudget) },
  };
}

/** The groups of a register; their money adds up to the headline's. */
export function groupsStatement(
  register: string | null,
  by: Dimension,
  { referenceDate, reach }: Viewpoint,
): Statement {
  const { values, bind } = parameters();
  const light = lightAt(referenceDate, bind);
  const city = reachedCity(register, reach, bind);
  const { key, from, amounts } = groupingOf(by, city);
  const text = `select ${key} as key, ${sums(light, amounts)}
    from ${from} where ${city.where}
    group by ${key} order by ${key} is null, works desc, ${key}`;
  return { text, values };
}

/** Words in districts that stand in no list. */
export function unlistedStatement(register: string | null, listed: readonly string[], reach: Reach): Statement {
  const { values, bind } = parameters();
  const text = `select distinct word from rm.works w, unnest(w.districts) as word
    where ${reachedOfRegister(register, reach, bind)} and word <> all(${bind(listed)}::text[]) order by word`;
  return { text, values };
}

/** Facts of a register's works by kind. */
export function factsStatement(register: string | null, reach: Reach): Statement {
  const { values, bind } = parameters();
  const text = `select h.source, h.type, h.direction, count(*)::integer as facts
    from rm.project_history h join rm.works w on w.project_id = h.project_id
    where ${reachedOfRegister(register, reach, bind)} group by 1, 2, 3 order by 1, 2, 3 nulls first`;
  return { text, values };
}
