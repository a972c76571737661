import type { Fact } from './fact.ts';

/** PostgreSQL's type for a field; `bigint` holds `Cents`, `date` an `IsoDate`, `timestamptz` an RFC 3339 string. */
type TypeFor<Value> = [Value] extends [boolean]
  ? 'boolean'
  : [Value] extends [number]
    ? 'integer' | 'bigint'
    : [Value] extends [string]
      ? 'uuid' | 'text' | 'date' | 'timestamptz'
      : [Value] extends [readonly string[]]
        ? 'text[]' | 'jsonb'
        : 'jsonb';

/** A column's type, with `?` behind it where the row's field may be null: a mismatch does not compile. */
export type ColumnOf<Value> = null extends Value ? `${TypeFor<NonNullable<Value>>}?` : TypeFor<Value>;

export type Columns<Row extends object> = { readonly [Field in keyof Row & string]-?: ColumnOf<Row[Field]> };

/**
 * A read model is a fold and a table in one. `fold` is pure, has no clock, and must commute across streams: only the order
 * inside one stream is promised. What depends on today is stored as the date on which it changes.
 */
export interface ReadModel<Row extends object, Heard extends Fact, Key extends keyof Row & string> {
  /** Table name in snake_case. */
  readonly name: string;
  /** Raise it when rows would come out differently: the table is then rebuilt beside the serving one. */
  readonly version: number;
  readonly columns: Columns<Row>;
  /** Fields that identify a row. */
  readonly primaryKey: readonly Key[];
  /** Further indexes, as lists of fields. */
  readonly indexes?: readonly (readonly (keyof Row & string)[])[];
  /** The row that this fact changes; nothing when the fact is not for this table. */
  readonly key: (fact: Heard) => Pick<Row, Key> | undefined;
  /** The row after the fact; `undefined` for `row` = there is none yet. */
  readonly fold: (row: Row | undefined, fact: Heard) => Row;
}

/** A reaction to a fact: commands for our own aggregates. Repeats are harmless: ids derive from fact and policy. */
export interface Policy<Heard extends Fact, Command> {
  readonly name: string;
  readonly react: (fact: Heard) => readonly Command[];
}
