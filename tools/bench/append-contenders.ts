import { randomUUID } from 'node:crypto';
import { type Event, STREAM_DOES_NOT_EXIST } from '@event-driven-io/emmett';
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import { createAppender, fingerprintOf, newEventId, openStore } from '@tongchou/event-store';
import pg from 'pg';

/** Appends one event of 0.7 kB to a new stream (the raw one: `eventsACall` events). */
export interface Contender {
  readonly eventsACall: number;
  append(): Promise<void>;
  close(): Promise<void>;
}

type RecordedEvent = Event<typeof TYPE, typeof data, typeof metadata>;

/** 0.7 kB as JSON, data and metadata together. */
const data = {
  projectId: '0b5f2c9e-7d1a-5e43-9c7b-3f0a8d2e6b14',
  period: '2018-08-31',
  from: '2020-12-31',
  finish: '2021-06-30',
  slipDays: 181,
  description: 'Reconstruction of water mains, sewers, roadway and street lighting between the two bridges. '.repeat(3),
};
const metadata = {
  correlationId: '8c0f7a52-41d4-4c0b-9a53-5b9a4f1f2f7e',
  causationId: '8c0f7a52-41d4-4c0b-9a53-5b9a4f1f2f7e',
  commandId: 'nyc-capital-projects:2018-08-31:998EP-003',
  actor: { subject: 'demo' },
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
};
const TYPE = 'FinishForecastRevised';

export const payloadBytes = (): number => JSON.stringify(data).length + JSON.stringify(metadata).length;

/** The engine's append as services call it: stream check, command id with fingerprint, event; callers share statements. */
export async function engine(url: string): Promise<Contender> {
  const store = await openStore({ url, service: 'bench' });
  const appender = createAppender(store);
  return {
    eventsACall: 1,
    async append() {
      const commandId = randomUUID();
      const event = { eventId: newEventId(), type: TYPE, schemaVersion: 1 };
      const answer = await appender.append({
        streamId: newEventId(),
        streamType: 'Project',
        expectedVersion: 0,
        commands: [
          {
            scope: 'demo',
            commandId,
            fingerprint: fingerprintOf({ command: TYPE, input: data }),
            kept: true,
            events: [{ ...event, data: JSON.stringify(data), metadata: JSON.stringify({ ...metadata, commandId }) }],
          },
        ],
      });
      if (!answer.appended) throw new Error('The engine did not append');
    },
    close: () => store.close(),
  };
}

/** Emmett's event store with its defaults: one call of its function an append, a pool of ten connections. */
export async function emmett(url: string): Promise<Contender> {
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  const store = getPostgreSQLEventStore(url, { connectionOptions: { pool } });
  await store.schema.migrate();
  return {
    eventsACall: 1,
    async append() {
      const event: RecordedEvent = { type: TYPE, data, metadata };
      await store.appendToStream(randomUUID(), [event], { expectedStreamVersion: STREAM_DOES_NOT_EXIST });
    },
    async close() {
      await store.close();
      await pool.end();
    },
  };
}

const RAW_ROWS = 200;
const RAW_INSERT = `
  insert into raw.events (recorded_at, stream_id, stream_type, version, event_id, event_type, schema_version, data, metadata)
  select clock_timestamp(), e.stream_id, 'Project', 1, e.event_id, $3, 1, e.data, e.metadata
  from unnest($1::uuid[], $2::uuid[], $4::jsonb[], $5::jsonb[]) as e(stream_id, event_id, data, metadata)`;

/** The least that PostgreSQL can do: 200 rows a statement into the engine's table of events with its indexes, no checks. */
export async function rawInserts(url: string): Promise<Contender> {
  const store = await openStore({ url, service: 'bench' });
  await store.pool.query('create schema raw; create table raw.events (like es.events including all)');
  await store.close();
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  return {
    eventsACall: RAW_ROWS,
    async append() {
      const rows = Array.from({ length: RAW_ROWS }, () => ({ stream: newEventId(), event: newEventId() }));
      const values = [
        rows.map(({ stream }) => stream),
        rows.map(({ event }) => event),
        TYPE,
        rows.map(() => JSON.stringify(data)),
        rows.map(() => JSON.stringify(metadata)),
      ];
      await pool.query({ name: 'raw', text: RAW_INSERT, values });
    },
    close: () => pool.end(),
  };
}
