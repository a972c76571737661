import { createHash, randomUUID } from 'node:crypto';
import pg from 'pg';
import { type AnyReadModel, rowKey } from './fold.ts';
import { parameterOf, parameterType } from './row-values.ts';

type Db = Pick<pg.Pool, 'query'>;

/** A table of a read model: the serving one in schema `rm`, or one that is being built. */
export interface ModelTable {
  readonly model: AnyReadModel;
  readonly schema: string;
  readonly table: string;
}

/** `projectId` as `project_id`: how a field of a row is called in SQL. */
export function columnName(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

const quoted = (name: string): string => pg.escapeIdentifier(name);
const column = (field: string): string => quoted(columnName(field));
const sqlType = (type: string): string => type.replace('?', '');

/** The table's name in SQL. */
export const tableName = ({ schema, table }: Pick<ModelTable, 'schema' | 'table'>): string =>
  `${quoted(schema)}.${quoted(table)}`;

export const servingTable = (model: AnyReadModel): ModelTable => ({ model, schema: 'rm', table: model.name });

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Changes with everything that the table looks like. */
export function tableFingerprint(model: AnyReadModel): string {
  return digest(JSON.stringify([model.columns, model.primaryKey, model.indexes ?? []])).slice(0, 12);
}

/** What a table's comment says about it. */
export interface TableMark {
  readonly version: number;
  readonly fingerprint: string;
}

/** Reads the mark of a table; `undefined` when there is no such table. */
export async function readMark(db: Db, table: Pick<ModelTable, 'schema' | 'table'>): Promise<TableMark | undefined> {
  const { rows } = await db.query<{ there: boolean; comment: string | null }>(
    `select to_regclass($1) is not null as there, obj_description(to_regclass($1), 'pg_class') as comment`,
    [tableName(table)],
  );
  if (!rows[0]?.there) return undefined;
  const [, version, print] = /^version (\d+), (\w+)/.exec(rows[0].comment ?? '') ?? [];
  return { version: Number(version ?? 0), fingerprint: print ?? '' };
}

const NAME = /^[a-z][a-z0-9_]{0,39}$/;

/** Makes the table with its indexes, unless it is there. Constraint names are unique, so that tables may change schemas. */
export async function createTable(db: Db, table: ModelTable): Promise<void> {
  const { model } = table;
  if (!NAME.test(model.name)) throw new Error(`A read model's name is snake_case, at most 40 letters: ${model.name}`);
  const unique = randomUUID().slice(0, 8);
  const columns = Object.entries(model.columns).map(
    ([field, type]) => `${column(field)} ${sqlType(type)}${type.endsWith('?') ? '' : ' not null'}`,
  );
  const key = `constraint ${quoted(`${model.name}_key_${unique}`)} primary key (${model.primaryKey.map(column).join()})`;
  const indexes = (model.indexes ?? []).map(
    (fields, index) =>
      `create index ${quoted(`${model.name}_${index}_${unique}`)} on ${tableName(table)} (${fields.map(column).join()})`,
  );
  const comment = `comment on table ${tableName(table)} is 'version ${model.version}, ${tableFingerprint(model)}'`;
  const create = `create table ${tableName(table)} (${[...columns, key].join(', ')})`;
  await db.query([`create schema if not exists ${quoted(table.schema)}`, create, ...indexes, comment].join(';\n'));
}

const READ_AS: Record<string, (column: string) => string> = {
  timestamptz: (name) => `to_char(${name} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
  date: (name) => `to_char(${name}, 'YYYY-MM-DD')`,
};

/** `bigint` as a number is right: rows hold safe integers only, as they were written. */
const FROM_SQL: Record<string, (value: unknown) => unknown> = {
  bigint: (value) => (value === null ? null : Number(value)),
};

function fromSql(model: AnyReadModel, row: object): object {
  return Object.fromEntries(
    Object.entries(model.columns).map(([field, type]) => {
      const value: unknown = Reflect.get(row, field);
      return [field, FROM_SQL[sqlType(type)]?.(value) ?? value];
    }),
  );
}

/** A table's statements, made once a table: only their parameters differ. */
interface Statements {
  readonly read: string;
  readonly write: { readonly name: string; readonly text: string };
}

const statements = new WeakMap<ModelTable, Statements>();

const castTo = (type: string): string => (parameterType(type) === `${type}[]` ? '' : `::${type}`);

const parameters = (types: readonly string[]): string =>
  types.map((type, index) => `$${index + 1}::${parameterType(type)}`).join();

const columnsOf = ({ model }: ModelTable) =>
  Object.entries(model.columns).map(([field, type]) => ({ field, name: column(field), type: sqlType(type) }));

const keyOf = (table: ModelTable) => columnsOf(table).filter(({ field }) => table.model.primaryKey.includes(field));

/** Key by key through the index: the planner would rather scan a table of a hundred thousand rows for a thousand keys. */
function readStatement(table: ModelTable): string {
  const key = keyOf(table);
  const fields = columnsOf(table).map(({ field, name, type }) => {
    const value = READ_AS[type]?.(`t.${name}`) ?? `t.${name}`;
    return `${value} as ${quoted(field)}`;
  });
  const same = key.map(({ name, type }) => `t.${name} = k.${name}${castTo(type)}`);
  return `select ${fields.join(', ')}
    from unnest(${parameters(key.map(({ type }) => type))}) as k (${key.map(({ name }) => name).join()})
    cross join lateral (select * from ${tableName(table)} t where ${same.join(' and ')} limit 1) t`;
}

function writeStatement(table: ModelTable): Statements['write'] {
  const { model } = table;
  const columns = columnsOf(table);
  const names = columns.map(({ name }) => name).join();
  const selected = columns.map(({ name, type }) => `${name}${castTo(type)}`);
  const changed = columns.filter(({ field }) => !model.primaryKey.includes(field));
  const update =
    changed.length === 0 ? 'nothing' : `update set ${changed.map(({ name }) => `${name} = excluded.${name}`).join()}`;
  const text = `insert into ${tableName(table)} (${names})
    select ${selected.join()} from unnest(${parameters(columns.map(({ type }) => type))}) as r (${names})
    on conflict (${model.primaryKey.map(column).join()}) do ${update}`;
  return { name: `rm ${digest(text).slice(0, 24)}`, text };
}

function statementsOf(table: ModelTable): Statements {
  const made = statements.get(table) ?? { read: readStatement(table), write: writeStatement(table) };
  statements.set(table, made);
  return made;
}

/** The rows of these keys, by their key. Planned anew each time: the table may have grown a thousandfold since. */
export async function readRows(
  db: Db,
  table: ModelTable,
  keys: readonly object[],
): Promise<ReadonlyMap<string, object>> {
  const { model } = table;
  const distinct = [...new Map(keys.map((key) => [rowKey(model, key), key])).values()];
  if (distinct.length === 0) return new Map();
  const values = keyOf(table).map(({ field, type }) => parameterOf(distinct, field, type));
  const { rows } = await db.query<Record<string, unknown>>(statementsOf(table).read, values);
  return new Map(rows.map((row) => [rowKey(model, row), fromSql(model, row)]));
}

/** The one statement that writes the rows whole; `undefined` for none. @throws when a value does not fit its column. */
export function writing(table: ModelTable, rows: readonly object[]): pg.QueryConfig | undefined {
  if (rows.length === 0) return undefined;
  const values = columnsOf(table).map(({ field, type }) => parameterOf(rows, field, type));
  return { ...statementsOf(table).write, values };
}
