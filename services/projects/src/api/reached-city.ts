import type { Reach } from '@tongchou/access';
import { storable } from '@tongchou/service-shell';
import type { Bind } from '@tongchou/service-shell';
import { reachedOfRegister } from './reached-works.ts';

/** The two amounts of a work that are summed, as expressions over its row. */
export interface Amounts {
  readonly baselineBudget: string;
  readonly currentBudget: string;
}

/** The works that figures are summed over, `w`, and what of their money counts. */
export interface ReachedCity {
  readonly from: string;
  readonly where: string;
  /** For who reaches districts the share of these, else whole. */
  readonly amounts: Amounts;
  /** A part for each district that counts: `part.word`, and its place `part.nth` in all of the work's districts. */
  readonly districts: string;
}

/** Of works as they are. */
export const WHOLE: Amounts = { baselineBudget: 'w.baseline_budget', currentBudget: 'w.current_budget' };

/** A row for each word of a list; a list without any has one row of nulls. */
export const partsOf = (list: string): string =>
  `left join lateral unnest(${list}) with ordinality as part (word, nth) on true`;

/** An equal share of whole cents for a row of `partsOf`; cents left over go one each to the first of the list. */
export const equalShare =
  (list: string) =>
  (amount: string): string =>
    `case when part.nth is null then ${amount} else ${amount} / cardinality(${list})
    + case when part.nth <= abs(${amount} % cardinality(${list})) then sign(${amount})::bigint else 0 end end`;

/** A register's works within reach. */
export function reachedCity(register: string | null, reach: Reach, bind: Bind): ReachedCity {
  const where = reachedOfRegister(register, reach, bind);
  if (reach.districts === undefined) {
    return { from: 'rm.works w', where, amounts: WHOLE, districts: partsOf('w.districts') };
  }
  const parts = `select word, nth from unnest(w.districts) with ordinality as written (word, nth)
    where word = any(${bind(storable(reach.districts))}::text[])`;
  const share = equalShare('w.districts');
  const shares = `select sum(${share(WHOLE.baselineBudget)})::bigint as baseline_budget,
    sum(${share(WHOLE.currentBudget)})::bigint as current_budget from (${parts}) part`;
  return {
    from: `rm.works w cross join lateral (${shares}) as share`,
    where,
    amounts: { baselineBudget: 'share.baseline_budget', currentBudget: 'share.current_budget' },
    districts: `cross join lateral (${parts}) as part`,
  };
}
