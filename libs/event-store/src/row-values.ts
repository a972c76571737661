import { binaryArray } from './binary-array.ts';

/** How the values of one type of column travel: as an array of this type, cast to the column's own. */
interface Carrier {
  readonly type: string;
  readonly array: (values: readonly unknown[]) => Buffer;
}

const isAbsent = (value: unknown): value is null | undefined => value === null || value === undefined;

/** Every value as this says, absent ones as null. */
const each =
  <Value>(convert: (value: unknown) => Value, array: (values: readonly (Value | null)[]) => Buffer) =>
  (values: readonly unknown[]): Buffer =>
    array(values.map((value) => (isAbsent(value) ? null : convert(value))));

/** Bytes would keep half of another number without a word. */
const wholeNumber =
  (type: string, bits: number) =>
  (value: unknown): number => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= -(2 ** bits) && value < 2 ** bits)
      return value;
    throw new TypeError(`Not of type ${type}: ${String(value)}`);
  };

function truth(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new TypeError(`Not of type boolean: ${String(value)}`);
}

const escaped = (text: unknown): string => `"${String(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

function listed(value: unknown): string {
  if (Array.isArray(value)) return `{${value.map(escaped).join()}}`;
  throw new TypeError(`Not of type text[]: ${String(value)}`);
}

const asText = (convert: (value: unknown) => string): Carrier => ({
  type: 'text',
  array: each(convert, binaryArray.text),
});

/** What `unnest` would take apart, and what has no plain bytes, travels as text. */
const CARRIERS: Readonly<Record<string, Carrier>> = {
  uuid: { type: 'uuid', array: each(String, binaryArray.uuid) },
  integer: { type: 'integer', array: each(wholeNumber('integer', 31), binaryArray.int4) },
  bigint: { type: 'bigint', array: each(wholeNumber('bigint', 53), binaryArray.int8) },
  boolean: { type: 'boolean', array: each(truth, binaryArray.bool) },
  'text[]': asText(listed),
  jsonb: asText((value) => JSON.stringify(value)),
};

const TEXT = asText(String);

const carrierOf = (type: string): Carrier => CARRIERS[type] ?? TEXT;

/** The type of the parameter that carries values of a column of this type; they are cast to the column's own. */
export const parameterType = (type: string): string => `${carrierOf(type).type}[]`;

/**
 * One field of all rows as a parameter of `parameterType`.
 *
 * @throws when a value does not fit its column; PostgreSQL would refuse it as well.
 */
export const parameterOf = (rows: readonly object[], field: string, type: string): Buffer =>
  carrierOf(type).array(rows.map((row): unknown => Reflect.get(row, field)));
