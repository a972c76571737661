import type { FactMetadata } from '@tongchou/kernel';
import type pg from 'pg';
import { BEFORE_EVERYTHING, parseSnapshot, type Snapshot } from './snapshot.ts';

/** How far a reader is. */
export interface Cursor {
  /** Everything visible in it has had its effect. */
  readonly base: Snapshot;
  /** A large difference under way: of what is visible in `target`, everything up to position `after` has had its effect too. */
  readonly paging?: Paging;
}

export interface Paging {
  readonly target: Snapshot;
  /** Decimal digits. */
  readonly after: string;
}

export const FROM_THE_START: Cursor = { base: BEFORE_EVERYTHING };

/** A row of `es.events` or `es.received`, not yet decoded. */
export interface StoredFact {
  /** Order hint over both tables: right within a stream, decimal digits. */
  readonly position: string;
  readonly own: boolean;
  readonly source: string;
  readonly streamId: string;
  readonly streamType: string;
  readonly version: number;
  readonly eventId: string;
  readonly eventType: string;
  readonly schemaVersion: number;
  /** RFC 3339, UTC, microseconds. */
  readonly recordedAt: string;
  /** `null` for an envelope without data. */
  readonly data: object | null;
  readonly metadata: FactMetadata;
}

export type FactTable = 'events' | 'received';

export interface ReadingOptions {
  /** The source of own events. */
  readonly service: string;
  readonly tables: readonly FactTable[];
  readonly pageSize: number;
}

export interface Difference {
  /** At most a page, in an order that is right within each stream. */
  readonly facts: readonly StoredFact[];
  readonly from: Cursor;
  /** Where the reader is once these have had their effect. */
  readonly to: Cursor;
}

interface FactRow extends Omit<StoredFact, 'version'> {
  readonly version: string;
}

const COLUMNS = /* sql */ `stream_id as "streamId", stream_type as "streamType", version, event_id as "eventId",
  event_type as "eventType", schema_version as "schemaVersion", data, metadata,
  to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "recordedAt", position`;

const columnsOf = (table: FactTable, service: string): string =>
  table === 'events'
    ? `true as own, '${service.replaceAll("'", "''")}' as source, ${COLUMNS}`
    : `false as own, source, ${COLUMNS}`;

/**
 * Rows whose transactions ended between two snapshots: $1 = xmax of the earlier, $2 the later, $3 its xmax, $4 what ran in
 * the earlier. Statements here have no name: a plan that was made while a table was small would scan it when it has grown.
 */
function between(base: Snapshot, tables: readonly FactTable[], select: (table: FactTable) => string): string {
  const since = `xid >= $1::xid8 and xid < $3::xid8`;
  const ran = base.running.length === 0 ? [] : ['xid = any($4::xid8[])'];
  const arms = tables.flatMap((table) =>
    [since, ...ran].map(
      (which) =>
        `select ${select(table)} from es.${table} where ${which} and pg_visible_in_snapshot(xid, $2::pg_snapshot)`,
    ),
  );
  return arms.join(' union all ');
}

const bounds = (base: Snapshot, target: Snapshot): unknown[] => [
  String(base.xmax),
  target.text,
  String(target.xmax),
  ...(base.running.length === 0 ? [] : [base.running.map(String)]),
];

const toFacts = (rows: readonly FactRow[]): StoredFact[] =>
  rows.map((row) => ({ ...row, version: Number(row.version) }));

/** The difference whole, by the index on xid, or `undefined` when it holds more than a page. */
async function readWhole(
  db: Pick<pg.Pool, 'query'>,
  base: Snapshot,
  target: Snapshot,
  options: ReadingOptions,
): Promise<StoredFact[] | undefined> {
  const { tables, service, pageSize } = options;
  const arms = between(base, tables, (table) => columnsOf(table, service));
  const { rows } = await db.query<FactRow>(
    `with difference as materialized (${arms} limit ${pageSize + 1}) select * from difference order by position`,
    bounds(base, target),
  );
  return rows.length > pageSize ? undefined : toFacts(rows);
}

/** The position before the first row of the difference. Adding 0 keeps the planner from walking the whole table in order. */
async function startOf(
  db: Pick<pg.Pool, 'query'>,
  base: Snapshot,
  target: Snapshot,
  tables: readonly FactTable[],
): Promise<string> {
  if (base.xmax <= BEFORE_EVERYTHING.xmax) return '0';
  const text = `select coalesce(min(position + 0) - 1, 0) as start from (${between(base, tables, () => 'position')}) as rows`;
  const { rows } = await db.query<{ start: string }>(text, bounds(base, target));
  return rows[0]?.start ?? '0';
}

async function readPage(
  db: Pick<pg.Pool, 'query'>,
  { base, paging }: Required<Cursor>,
  options: ReadingOptions,
): Promise<Difference> {
  const arms = options.tables.map(
    (table) => `(select ${columnsOf(table, options.service)} from es.${table}
       where position > $1 and pg_visible_in_snapshot(xid, $2::pg_snapshot)
         and not pg_visible_in_snapshot(xid, $3::pg_snapshot) order by position limit $4)`,
  );
  const { rows } = await db.query<FactRow>({
    name: `es page ${options.tables.join()}`,
    text: `select * from (${arms.join(' union all ')}) as page order by position limit $4`,
    values: [paging.after, paging.target.text, base.text, options.pageSize + 1],
  });
  const facts = toFacts(rows.slice(0, options.pageSize));
  const last = rows.length > options.pageSize ? facts.at(-1) : undefined;
  const to: Cursor = last ? { base, paging: { target: paging.target, after: last.position } } : { base: paging.target };
  return { facts, from: { base, paging }, to };
}

/**
 * What became visible between the cursor and `target`: nothing lost, doubled or turned round within a stream, whenever its
 * transactions committed. More than a page is read page by page against the frozen target; `to` then says where to go on.
 * A page under way is finished before a new target counts.
 */
export async function readDifference(
  db: Pick<pg.Pool, 'query'>,
  from: Cursor,
  target: Snapshot,
  options: ReadingOptions,
): Promise<Difference> {
  if (from.paging) return readPage(db, { base: from.base, paging: from.paging }, options);
  if (from.base.text === target.text) return { facts: [], from, to: from };
  const whole = await readWhole(db, from.base, target, options);
  if (whole) return { facts: whole, from, to: { base: target } };
  const after = await startOf(db, from.base, target, options.tables);
  const page = await readPage(db, { base: from.base, paging: { target, after } }, options);
  return { ...page, from };
}

/** Whether anything became visible between the two. */
export async function hasDifference(
  db: Pick<pg.Pool, 'query'>,
  base: Snapshot,
  target: Snapshot,
  tables: readonly FactTable[],
): Promise<boolean> {
  const text = `select exists (${between(base, tables, () => '1')}) as there`;
  const { rows } = await db.query<{ there: boolean }>(text, bounds(base, target));
  return rows[0]?.there === true;
}

/** The snapshot of this moment. */
export async function currentSnapshot(db: Pick<pg.Pool, 'query'>): Promise<Snapshot> {
  const text = 'select pg_current_snapshot()::text as snapshot';
  const { rows } = await db.query<{ snapshot: string }>(text);
  return parseSnapshot(rows[0]?.snapshot ?? '');
}
