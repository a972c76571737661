import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import { columnName } from './model-table.ts';

/** A read model, as far as its table is concerned. */
export interface TabledModel<Row extends object> {
  readonly name: string;
  readonly columns: Readonly<Record<string, string>>;
  readonly primaryKey: readonly string[];
  readonly fold: (row: Row | undefined, fact: never) => Row;
}

const toNumber = (value: unknown): unknown => (typeof value === 'string' ? Number(value) : value);

/** Instants are declared as text: TypeORM would make a `Date` of them, which loses microseconds. */
const COLUMNS: Record<string, EntitySchemaColumnOptions> = {
  uuid: { type: 'uuid' },
  text: { type: 'text' },
  date: { type: 'date' },
  integer: { type: 'integer' },
  bigint: { type: 'bigint', transformer: { from: toNumber, to: (value: unknown) => value } },
  boolean: { type: 'boolean' },
  timestamptz: { type: 'text' },
  'text[]': { type: 'text', array: true },
  jsonb: { type: 'jsonb' },
};

function columnOf(
  model: Pick<TabledModel<object>, 'name' | 'primaryKey'>,
  field: string,
  type: string,
): EntitySchemaColumnOptions {
  const column = COLUMNS[type.replace('?', '')];
  if (!column) throw new Error(`Read model ${model.name}: no column can be of type ${type}`);
  const name = columnName(field);
  return { ...column, name, nullable: type.endsWith('?'), primary: model.primaryKey.includes(field) };
}

const known = new WeakMap<object, EntitySchema<object>>();

const isOf = <Row extends object>(schema: EntitySchema<object>, model: TabledModel<Row>): schema is EntitySchema<Row> =>
  schema.options.tableName === model.name;

/**
 * The model's table `rm.<name>` for TypeORM repositories, to read from: only the runner writes it. The same schema for the
 * same model. Money comes as a number of cents, a day as `YYYY-MM-DD`, an instant in RFC 3339.
 */
export function entityOf<Row extends object>(model: TabledModel<Row>): EntitySchema<Row> {
  const before = known.get(model);
  if (before && isOf(before, model)) return before;
  const columns = Object.entries(model.columns).map(([field, type]) => [field, columnOf(model, field, type)]);
  const schema = new EntitySchema<object>({
    name: model.name,
    schema: 'rm',
    tableName: model.name,
    synchronize: false,
    columns: Object.fromEntries(columns),
  });
  known.set(model, schema);
  return entityOf(model);
}
