import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { ServiceName } from '../../state/run-file.ts';

export interface StoredEvent {
  readonly streamId: string;
  readonly version: number;
  readonly eventId: string;
  readonly type: string;
  /** Absent for what a policy said. */
  readonly commandId: string | null;
  /** The transaction that wrote it. */
  readonly xid: string;
}

export interface ReceivedFact {
  readonly source: string;
  readonly streamId: string;
  readonly version: number;
  readonly eventId: string;
}

export interface StoredCommand {
  readonly commandId: string;
  readonly streamId: string;
  readonly version: number;
}

/** All that a service has kept, as its database says it. */
export interface Store {
  readonly events: readonly StoredEvent[];
  readonly commands: readonly StoredCommand[];
  readonly streams: ReadonlyMap<string, number>;
  readonly received: readonly ReceivedFact[];
  readonly parked: number;
}

export type Stores = Readonly<Record<ServiceName, Store>>;
export type ModelRow = Readonly<Record<string, unknown>>;

const EVENTS = `select stream_id as "streamId", version::int, event_id as "eventId", event_type as type,
  metadata->>'commandId' as "commandId", xid::text from es.events order by stream_id, version`;
const COMMANDS = `select command_id as "commandId", stream_id as "streamId", version::int from es.commands`;
const RECEIVED = `select source, stream_id as "streamId", version::int, event_id as "eventId" from es.received`;

/** Connects, also while the server comes back from a kill. */
export async function withDatabase<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 30_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

export const readStore = (url: string): Promise<Store> =>
  withDatabase(url, async (client) => {
    const { rows: events } = await client.query<StoredEvent>(EVENTS);
    const { rows: commands } = await client.query<StoredCommand>(COMMANDS);
    const streams = await client.query<{ id: string; version: number }>(
      'select stream_id as id, version::int from es.streams',
    );
    const { rows: received } = await client.query<ReceivedFact>(RECEIVED);
    const parked = await client.query<{ count: number }>(
      'select count(*)::int as count from es.parked where released_at is null',
    );
    return {
      events,
      commands,
      streams: new Map(streams.rows.map(({ id, version }) => [id, version])),
      received,
      parked: parked.rows[0]?.count ?? 0,
    };
  });

/** Rows of a read model by project; days and large numbers as text, so that nothing is lost on the way. */
export const readModel = (url: string, model: 'works' | 'cost_sheet'): Promise<ReadonlyMap<string, ModelRow>> =>
  withDatabase(url, async (client) => {
    const { rows } = await client.query<{ row: ModelRow }>(`select to_jsonb(m) as row from rm.${model} m`);
    return new Map(rows.map(({ row }) => [String(row['project_id']), row]));
  });

/** Asks until nothing is wrong any more, or the time is over: then what still is. */
export async function settledWithin(
  withinMs: number,
  ask: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  let wrong: readonly string[] = [];
  for (const end = Date.now() + withinMs; ; await pause(500)) {
    wrong = await ask().catch((error: unknown) => [`the stores could not be read: ${String(error)}`]);
    if (wrong.length === 0 || Date.now() > end) return wrong;
  }
}
