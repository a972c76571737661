import type { Page } from './connection.ts';
import { type Bind, keyset, type OrderTerm, parameters } from './keyset.ts';
import { selectList } from './select-list.ts';

/** Rows that belong to parents: their model, the column that names the parent, and their order. Expressions say `h`. */
export interface ManyPages {
  readonly model: { readonly name: string; readonly columns: object };
  readonly parent: string;
  readonly order: readonly OrderTerm[];
}

/** Conditions that a parent must fit; the first argument is the expression of its id. They may not call a table `p`. */
export type ParentCondition = (parent: string, bind: Bind) => readonly string[];

/**
 * The same page of many parents as one statement; the rows of each parent stand in its page's order. A parent that does not
 * fit has no rows.
 */
export function pagesOfMany(
  { model, parent, order }: ManyPages,
  ids: readonly string[],
  page: Page,
  fitting: ParentCondition = () => [],
): { readonly text: string; readonly values: unknown[] } {
  const { values, bind } = parameters();
  const parents = `unnest(${bind(ids)}::uuid[]) as p (id)`;
  const { conditions, orderBy, limit } = keyset(order, page, bind);
  const parentsFit = fitting('p.id', bind).join(' and ');
  const text = `select h.* from ${parents} cross join lateral (
      select row_number() over (order by ${orderBy}) as place, ${selectList(model, 'h')}
      from rm.${model.name} h where ${[`h.${parent} = p.id`, ...conditions].join(' and ')}
      order by ${orderBy} limit ${limit}
    ) h ${parentsFit && `where ${parentsFit} `}order by h.place`;
  return { text, values };
}
