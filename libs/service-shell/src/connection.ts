import { AnswerError } from './answer-error.ts';

/** The arguments of every list: Relay connections, forward or backward. */
export interface PageArguments {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
  readonly before?: string | null;
}

/** A page that makes sense: at most `size` rows from one end. */
export interface Page {
  readonly size: number;
  /** The last rows are wanted, not the first. */
  readonly backward: boolean;
  readonly after: string | undefined;
  readonly before: string | undefined;
}

export interface Edge<Row> {
  readonly cursor: string;
  readonly node: Row;
}

/** A page of a list as every list of the graph answers it. */
export interface Connection<Row> {
  readonly edges: readonly Edge<Row>[];
  readonly nodes: readonly Row[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

const SIZE_DEFAULT = 25;
const SIZE_MAX = 200;

function sizeOf(name: 'first' | 'last', size: number): number {
  if (Number.isInteger(size) && size >= 0 && size <= SIZE_MAX) return size;
  throw new AnswerError('BAD_USER_INPUT', `${name} must be 0 to ${SIZE_MAX} (given: ${size})`, [name]);
}

/** 25 rows from the front where nothing is said, 200 at most. Throws BAD_USER_INPUT for what makes no sense. */
export function pageFrom({ first, last, after, before }: PageArguments): Page {
  if (typeof first === 'number' && typeof last === 'number') {
    throw new AnswerError('BAD_USER_INPUT', 'Give first or last, not both', ['last']);
  }
  const backward = typeof last === 'number';
  const size = backward ? sizeOf('last', last) : sizeOf('first', first ?? SIZE_DEFAULT);
  return { size, backward, after: after ?? undefined, before: before ?? undefined };
}

/**
 * The connection of rows that were read from the page's end inwards, one more than its size where there are more. A page
 * behind a cursor has the cursor's row before it.
 */
export function connectionOf<Row>(read: readonly Row[], page: Page, cursorOf: (row: Row) => string): Connection<Row> {
  const more = read.length > page.size;
  const taken = read.slice(0, page.size);
  const nodes = page.backward ? taken.toReversed() : taken;
  const edges = nodes.map((node) => ({ cursor: cursorOf(node), node }));
  return {
    edges,
    nodes,
    pageInfo: {
      hasNextPage: page.backward ? page.before !== undefined : more,
      hasPreviousPage: page.backward ? more : page.after !== undefined,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
