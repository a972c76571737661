import { createCoalescer } from './coalescer.ts';
import { runPrepared } from './prepared.ts';
import type { Store } from './store.ts';

export interface CommandKey {
  readonly scope: string;
  readonly commandId: string;
}

export interface StreamToLoad {
  readonly streamId: string;
  /** Events behind this version; 0 for all. */
  readonly after: number;
  /** Start from the stream's snapshot where that is of this version and further on. */
  readonly foldVersion?: number;
  /** Looked up in the same snapshot of the database as the events. */
  readonly commands: readonly CommandKey[];
}

export interface StoredEvent {
  readonly version: number;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: object;
}

/** The outcome that was kept of a command. */
export interface StoredCommand extends CommandKey {
  readonly fingerprint: Buffer;
  readonly streamId: string;
  readonly version: number;
  readonly result: object;
}

export interface LoadedStream {
  readonly snapshot?: { readonly version: number; readonly state: object };
  readonly events: readonly StoredEvent[];
  readonly commands: readonly StoredCommand[];
  /** False when there are more events than one answer holds: ask again behind the last. */
  readonly complete: boolean;
}

const EVENTS_A_STREAM = 1_000;

/** Snapshots, events and known command ids of many streams in one statement, and so in one snapshot of the database. */
const LOAD = /* sql */ `
with start as materialized (
  select i.n, i.stream_id, coalesce((s.snapshot).version, i.after) as after, (s.snapshot).state as state
  from unnest($1::int[], $2::uuid[], $3::bigint[], $4::int[]) as i(n, stream_id, after, fold_version)
  cross join lateral (select (
    select x from es.snapshots x
    where x.stream_id = i.stream_id and x.fold_version = i.fold_version and x.version > i.after limit 1
  ) as snapshot) s
)
select n, 0 as kind, after::float8 as version, null as name, null::int as schema_version, state as data,
  null::bytea as fingerprint, null::uuid as stream_id, null as scope
from start where state is not null
union all
select s.n, 1, e.version::float8, e.event_type, e.schema_version, e.data, null, null, null
from start s cross join lateral (
  select * from es.events e where e.stream_id = s.stream_id and e.version > s.after
  order by e.version limit ${EVENTS_A_STREAM}
) e
union all
select c.n, 2, k.version::float8, k.command_id, null, k.result, k.fingerprint, k.stream_id, k.scope
from unnest($5::int[], $6::text[], $7::text[]) as c(n, scope, command_id) cross join lateral (
  select * from es.commands k where k.scope = c.scope and k.command_id = c.command_id limit 1
) k
order by 1, 2, 3`;

interface LoadRow {
  readonly n: number;
  readonly kind: number;
  readonly version: number;
  readonly name: string;
  readonly schema_version: number;
  readonly data: object;
  readonly fingerprint: Buffer;
  readonly stream_id: string;
  readonly scope: string;
}

const MOST = { count: 50, bytes: Number.POSITIVE_INFINITY };
const MAX_IN_FLIGHT = 2;
const MAX_WAITING = 20_000;

function parameters(streams: readonly StreamToLoad[]): unknown[] {
  const commands = streams.flatMap(({ commands: keys }, n) => keys.map((key) => ({ n, ...key })));
  return [
    streams.map((_, n) => n),
    streams.map(({ streamId }) => streamId),
    streams.map(({ after }) => after),
    streams.map(({ foldVersion }) => foldVersion ?? null),
    commands.map(({ n }) => n),
    commands.map(({ scope }) => scope),
    commands.map(({ commandId }) => commandId),
  ];
}

const storedEvent = (row: LoadRow): StoredEvent => ({
  version: row.version,
  type: row.name,
  schemaVersion: row.schema_version,
  data: row.data,
});

const storedCommand = (row: LoadRow): StoredCommand => ({
  scope: row.scope,
  commandId: row.name,
  fingerprint: row.fingerprint,
  streamId: row.stream_id,
  version: row.version,
  result: row.data,
});

function loaded(rows: readonly LoadRow[]): LoadedStream {
  const snapshot = rows.find(({ kind }) => kind === 0);
  const events = rows.filter(({ kind }) => kind === 1).map(storedEvent);
  return {
    ...(snapshot && { snapshot: { version: snapshot.version, state: snapshot.data } }),
    events,
    commands: rows.filter(({ kind }) => kind === 2).map(storedCommand),
    complete: events.length < EVENTS_A_STREAM,
  };
}

/** Reads streams for deciding; concurrent calls of one process share statements. */
export function createStreamLoader(store: Store): (stream: StreamToLoad) => Promise<LoadedStream> {
  return createCoalescer({
    name: 'loads',
    run: async (streams: readonly StreamToLoad[]) => {
      const rows = await runPrepared<LoadRow>(store.hotPool, 'load', LOAD, parameters(streams));
      const byStream = Map.groupBy(rows, ({ n }) => n);
      return streams.map((_, n) => loaded(byStream.get(n) ?? []));
    },
    weigh: () => ({ count: 1, bytes: 0 }),
    most: MOST,
    maxInFlight: MAX_IN_FLIGHT,
    maxWaiting: MAX_WAITING,
  });
}
