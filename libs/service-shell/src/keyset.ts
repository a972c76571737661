import { createHash } from 'node:crypto';
import { isUuid, parseIsoDate } from '@tongchou/kernel';
import { AnswerError } from './answer-error.ts';
import type { Page } from './connection.ts';

type CursorValue = string | number | null;

/** One term of an order. Nulls come last in both directions. */
export interface OrderTerm {
  /** The field of a row that holds the term's value. */
  readonly field: string;
  /** In SQL. */
  readonly expression: string;
  readonly type: 'text' | 'uuid' | 'date' | 'integer' | 'bigint' | 'timestamptz';
  readonly descending: boolean;
  readonly nullable: boolean;
}

/** Takes a value, answers how the statement calls it: `$1`, `$2`, and so on. */
export type Bind = (value: unknown) => string;

/** A statement's parameters, filled as its text is made. */
export function parameters(): { readonly values: unknown[]; readonly bind: Bind } {
  const values: unknown[] = [];
  return { values, bind: (value) => `$${values.push(value)}` };
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/;

const FITS: Readonly<Record<OrderTerm['type'], (value: CursorValue) => boolean>> = {
  text: (value) => typeof value === 'string' && !value.includes('\u0000'),
  uuid: (value) => typeof value === 'string' && isUuid(value),
  date: (value) => typeof value === 'string' && parseIsoDate(value) !== undefined,
  integer: (value) => Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 31,
  bigint: (value) => Number.isSafeInteger(value),
  timestamptz: (value) => typeof value === 'string' && INSTANT.test(value) && !Number.isNaN(Date.parse(value)),
};

/** A cursor says which order it belongs to: in another one it would point nowhere. */
function orderMark(terms: readonly OrderTerm[]): string {
  const order = terms.map(({ field, descending }) => `${field}${descending ? '-' : '+'}`).join();
  return createHash('sha256').update(order).digest('base64url').slice(0, 8);
}

/** Where a row stands in an order, opaque to clients. The last term must tell any two rows apart. */
export function cursorOf(terms: readonly OrderTerm[], row: object): string {
  const values: unknown[] = terms.map(({ field }) => Reflect.get(row, field) ?? null);
  return Buffer.from(JSON.stringify([orderMark(terms), ...values])).toString('base64url');
}

function parsed(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function valuesOf(terms: readonly OrderTerm[], name: 'after' | 'before', cursor: string): readonly CursorValue[] {
  const content = parsed(cursor);
  const [mark, ...values]: CursorValue[] = Array.isArray(content) ? content : [];
  const fits = terms.every(({ type, nullable }, index) => {
    const value = values[index];
    return value === null ? nullable : value !== undefined && FITS[type](value);
  });
  if (mark === orderMark(terms) && values.length === terms.length && fits) return values;
  throw new AnswerError('BAD_USER_INPUT', `${name} is not a cursor of this list in this order`, [name]);
}

/** Rows beyond `value` in one term, nulls last; `forward` = later in the order. `undefined`: there can be none. */
function beyond(term: OrderTerm, value: string | undefined, forward: boolean): string | undefined {
  const { expression, descending, nullable } = term;
  if (value === undefined) return forward ? undefined : `${expression} is not null`;
  const compared = `${expression} ${forward === descending ? '<' : '>'} ${value}`;
  return forward && nullable ? `(${compared} or ${expression} is null)` : compared;
}

/** Rows on one side of a cursor, as a condition. */
function beside(terms: readonly OrderTerm[], cursor: readonly CursorValue[], forward: boolean, bind: Bind): string {
  const bound = terms.map(({ type }, index) =>
    cursor[index] === null ? undefined : `${bind(cursor[index])}::${type}`,
  );
  const [first] = terms;
  const plain = terms.every(({ nullable, descending }) => !nullable && descending === first?.descending);
  if (plain) {
    // One comparison of rows, which an index can begin at.
    const sign = forward === first?.descending ? '<' : '>';
    return `(${terms.map(({ expression }) => expression).join()}) ${sign} (${bound.join()})`;
  }
  const same = terms.map(({ expression }, index) =>
    bound[index] === undefined ? `${expression} is null` : `${expression} = ${bound[index]}`,
  );
  const steps = terms.flatMap((term, index) => {
    const step = beyond(term, bound[index], forward);
    return step === undefined ? [] : [`(${[...same.slice(0, index), step].join(' and ')})`];
  });
  return `(${steps.join(' or ')})`;
}

/** How a page is read: conditions to add, the order to read in, and how many rows. */
export interface Keyset {
  readonly conditions: readonly string[];
  readonly orderBy: string;
  /** One more than the page holds, to know whether there are more. */
  readonly limit: number;
}

/**
 * Pages by where the last row stood, not by counting: rows that come or go elsewhere neither repeat nor hide others. The
 * last term must be unique and not null. Throws BAD_USER_INPUT for a cursor of another list or order.
 */
export function keyset(terms: readonly OrderTerm[], page: Page, bind: Bind): Keyset {
  const { after, before, backward } = page;
  const conditions = [
    ...(after === undefined ? [] : [beside(terms, valuesOf(terms, 'after', after), true, bind)]),
    ...(before === undefined ? [] : [beside(terms, valuesOf(terms, 'before', before), false, bind)]),
  ];
  const orderBy = terms.map(({ expression, descending, nullable }) => {
    const direction = descending === backward ? 'asc' : 'desc';
    return `${expression} ${direction}${nullable ? ` nulls ${backward ? 'first' : 'last'}` : ''}`;
  });
  return { conditions, orderBy: orderBy.join(', '), limit: page.size + 1 };
}
