import { setTimeout as pause } from 'node:timers/promises';
import type { Appender, EventToAppend, Store } from '@tongchou/event-store';
import pg from 'pg';
import { STREAM_TYPE } from './flow-facts.ts';
import { append, eventsToAppend, versionOf } from './flow-writers.ts';
import { between } from './random.ts';

export interface SlowWriter {
  /** One transaction that stays open while others commit; answers what became of it. */
  write(streamId: string): Promise<string>;
  close(): Promise<void>;
}

const HELD_MS = { least: 50, most: 900 };
const ROLLED_BACK = 0.2;
const OVERTAKEN = 0.4;

const INSERT = /* sql */ `
with stream as (
  insert into es.streams as s (stream_id, stream_type, version, recorded_at)
  values ($1, '${STREAM_TYPE}', $2::bigint + cardinality($3::uuid[]), clock_timestamp())
  on conflict (stream_id) do update set version = excluded.version,
    recorded_at = greatest(excluded.recorded_at, s.recorded_at + interval '1 microsecond')
  returning recorded_at
)
insert into es.events (recorded_at, stream_id, stream_type, version, event_id, event_type, schema_version, data, metadata)
select stream.recorded_at, $1, '${STREAM_TYPE}', $2 + e.n, e.id, e.type, 1, e.data, e.metadata
from stream, unnest($3::uuid[], $4::text[], $5::jsonb[], $6::jsonb[]) with ordinality as e (id, type, data, metadata, n)`;

/** Inserts events as an append does, in a transaction of the caller's. */
export async function insertEvents(
  client: pg.ClientBase,
  streamId: string,
  version: number,
  events: readonly EventToAppend[],
): Promise<void> {
  await client.query(INSERT, [
    streamId,
    version,
    events.map(({ eventId }) => eventId),
    events.map(({ type }) => type),
    events.map(({ data }) => data),
    events.map(({ metadata }) => metadata),
  ]);
}

/** Writes as a decision over several streams does: in a transaction of its own, and slowly. */
export function openSlowWriter(store: Store, appender: Appender, random: () => number): SlowWriter {
  const pool = new pg.Pool({
    connectionString: store.url,
    max: 1,
    application_name: 'slow writer',
    connectionTimeoutMillis: 3_000,
    statement_timeout: 10_000,
  });
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));

  /** Takes its xid first; a quick append to the same stream may then come before its own events. */
  async function hold(client: pg.PoolClient, streamId: string): Promise<string> {
    await client.query('begin');
    await client.query('select pg_current_xact_id()');
    let version = await versionOf(store, streamId);
    const overtaken = random() < OVERTAKEN;
    if (overtaken && (await append(appender, streamId, version, eventsToAppend(random, 2)))) version += 2;
    await insertEvents(client, streamId, version, eventsToAppend(random, between(random, 1, 4)));
    await pause(between(random, HELD_MS.least, HELD_MS.most));
    if (random() < ROLLED_BACK) {
      await client.query('rollback');
      return 'slow transactions rolled back';
    }
    await client.query('commit');
    return overtaken ? 'slow transactions overtaken in their own stream' : 'slow transactions';
  }

  return {
    async write(streamId) {
      let client: pg.PoolClient | undefined;
      try {
        client = await pool.connect();
        const became = await hold(client, streamId);
        client.release();
        return became;
      } catch (error) {
        client?.release(error instanceof Error ? error : true);
        await pause(100);
        return 'slow transactions cut';
      }
    },
    close: () => pool.end(),
  };
}
