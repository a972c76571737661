import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, it } from '@jest/globals';
import { throwAwayDatabase } from '@tongchou/testing';
import pg from 'pg';
import { FROM_THE_START, type StoredFact } from './difference.ts';
import { silentLog } from './log.ts';
import { createReader, type ReaderOptions } from './reader.ts';
import { parseSnapshot } from './snapshot.ts';
import { StoreRestored } from './store-identity.ts';
import { openStore } from './store.ts';

const database = await throwAwayDatabase();
const store = await openStore({ url: database.url, service: 'projects' });
const writers = new pg.Pool({ connectionString: database.url, max: 16 });
// Dropping the database cuts connections that are still closing.
writers.on('error', () => undefined);
afterAll(async () => {
  await writers.end();
  await store.close();
  await database.drop();
});

const never = new AbortController().signal;
const readerOf = (options: Partial<ReaderOptions> = {}) =>
  createReader({
    store,
    name: 'spec',
    from: FROM_THE_START,
    tables: ['events', 'received'],
    log: silentLog,
    ...options,
  });

const INSERT = `insert into es.events (recorded_at, stream_id, stream_type, version, event_id, event_type, schema_version, data, metadata)
  select clock_timestamp(), $1, 'Project', v, gen_random_uuid(), 'Happened', 1, '{}', '{}' from generate_series($2::bigint, $3::bigint) v`;

async function inTransaction<T>(work: (client: pg.PoolClient) => Promise<T>, end: 'commit' | 'rollback'): Promise<T> {
  const client = await writers.connect();
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query(end);
    return result;
  } finally {
    client.release();
  }
}

/** Appends as a writer that knows the stream's version does: the stream's row is locked until the end. */
async function append(streamId: string, events: number, heldMs: number, end: 'commit' | 'rollback'): Promise<void> {
  await inTransaction(async (client) => {
    const { rows } = await client.query<{ version: string }>(
      `insert into es.streams as s (stream_id, stream_type, version, recorded_at) values ($1, 'Project', $2, clock_timestamp())
       on conflict (stream_id) do update set version = s.version + $2 returning version`,
      [streamId, events],
    );
    const version = Number(rows[0]?.version);
    await client.query(INSERT, [streamId, version - events + 1, version]);
    await client.query('select pg_sleep($1)', [heldMs / 1000]);
  }, end);
}

interface Seen {
  readonly doubled: number;
  readonly inverted: number;
  readonly lost: number;
}

async function judge(seen: readonly Pick<StoredFact, 'streamId' | 'version' | 'eventId'>[]): Promise<Seen> {
  const { rows } = await store.pool.query<{ event_id: string }>('select event_id from es.events');
  const ids = new Set(seen.map((fact) => fact.eventId));
  const last = new Map<string, number>();
  let inverted = 0;
  for (const fact of seen) {
    if (fact.version < (last.get(fact.streamId) ?? 0)) inverted += 1;
    last.set(fact.streamId, fact.version);
  }
  return { doubled: seen.length - ids.size, inverted, lost: rows.filter((row) => !ids.has(row.event_id)).length };
}

/** The control: what reads behind the highest position that it has seen. */
async function naiveReader(until: () => boolean): Promise<{ streamId: string; version: number; eventId: string }[]> {
  const seen: { streamId: string; version: number; eventId: string }[] = [];
  let last = '0';
  for (let finished = false; !finished;) {
    finished = until();
    const { rows } = await store.pool.query<{ position: string; stream_id: string; version: string; event_id: string }>(
      'select position, stream_id, version, event_id from es.events where position > $1 order by position',
      [last],
    );
    last = rows.at(-1)?.position ?? last;
    seen.push(...rows.map((row) => ({ streamId: row.stream_id, version: Number(row.version), eventId: row.event_id })));
  }
  return seen;
}

async function ourReader(pageSize: number, until: () => boolean): Promise<StoredFact[]> {
  const reader = readerOf({ pageSize });
  const seen: StoredFact[] = [];
  for (let finished = false, left = 1; !finished || left > 0;) {
    finished = until();
    const difference = await reader.next(1, never);
    seen.push(...difference.facts);
    left = difference.facts.length;
    reader.done(difference);
  }
  reader.close();
  return seen;
}

describe('the reader under slow transactions and rollbacks', () => {
  it('loses, doubles and inverts nothing, where a reader behind the last position loses events', async () => {
    const streams = Array.from({ length: 12 }, () => randomUUID());
    let writing = true;
    const readers = Promise.all([
      naiveReader(() => !writing),
      ourReader(2_000, () => !writing),
      ourReader(3, () => !writing),
    ]);
    const write = async (writer: number): Promise<void> => {
      for (let round = 0; round < 50; round += 1) {
        const dice = Math.random();
        const stream = streams[Math.floor(Math.random() * streams.length)] ?? '';
        const heldMs = dice < 0.1 ? 60 : dice < 0.5 ? 4 : 0;
        await append(stream, 1 + (writer % 3), heldMs, dice > 0.9 ? 'rollback' : 'commit');
      }
    };
    await Promise.all(Array.from({ length: 12 }, (_, writer) => write(writer)));
    writing = false;
    const [naive, ours, paged] = await readers;
    expect((await judge(naive)).lost).toBeGreaterThan(0);
    expect(await judge(ours)).toEqual({ lost: 0, doubled: 0, inverted: 0 });
    expect(await judge(paged)).toEqual({ lost: 0, doubled: 0, inverted: 0 });
  });

  it('reads a transaction that was running at one poll and ended before the next, once', async () => {
    const reader = readerOf();
    for (let left = 1; left > 0;) {
      const difference = await reader.next(0, never);
      left = difference.facts.length;
      reader.done(difference);
    }
    const [slow, fast] = [randomUUID(), randomUUID()];
    const met = await inTransaction(async (client) => {
      await client.query(INSERT, [slow, 1, 1]);
      await append(fast, 1, 0, 'commit');
      const difference = await reader.next(1_000, never);
      reader.done(difference);
      return difference.facts.map((fact) => fact.streamId);
    }, 'commit');
    expect(met).toEqual([fast]);
    const after = await reader.next(1_000, never);
    expect(after.facts.map((fact) => fact.streamId)).toEqual([slow]);
    reader.done(after);
    expect((await reader.next(0, never)).facts).toEqual([]);
    reader.close();
  });
});

describe('a reader', () => {
  it('goes on in the middle of a large difference, whatever was committed since', async () => {
    const first = readerOf({ pageSize: 5 });
    const seen: StoredFact[] = [];
    const page = await first.next(0, never);
    seen.push(...page.facts);
    first.done(page);
    first.close();
    expect(first.cursor().paging).toBeDefined();
    await append(randomUUID(), 3, 0, 'commit');
    const second = readerOf({ pageSize: 500, from: first.cursor() });
    for (let left = 1; left > 0;) {
      const difference = await second.next(0, never);
      seen.push(...difference.facts);
      left = difference.facts.length;
      second.done(difference);
    }
    second.close();
    expect(await judge(seen)).toEqual({ lost: 0, doubled: 0, inverted: 0 });
  });

  it('reaches its target with the last page, also when that is full', async () => {
    const from = { base: parseSnapshot((await store.pool.query('select pg_current_snapshot()::text as s')).rows[0].s) };
    await append(randomUUID(), 6, 0, 'commit');
    const reader = readerOf({ pageSize: 3, from });
    const pages = [];
    for (let page = 0; page < 2; page += 1) {
      const difference = await reader.next(0, never);
      pages.push([difference.facts.length, difference.to.paging === undefined]);
      reader.done(difference);
    }
    reader.close();
    expect(pages).toEqual([
      [3, false],
      [3, true],
    ]);
  });

  it('gives the row as kernel knows it: numbers, microseconds, both tables in one order', async () => {
    const from = { base: parseSnapshot((await store.pool.query('select pg_current_snapshot()::text as s')).rows[0].s) };
    const [own, foreign] = [randomUUID(), randomUUID()];
    await append(own, 1, 0, 'commit');
    await store.pool.query(
      `insert into es.received (recorded_at, source, stream_id, stream_type, version, event_id, event_type, schema_version, data, metadata)
       values ('2026-03-01T08:00:00.123456+08', 'costs', $1, 'CostSheet', 1, $1, 'CostSheetOpened', 2, null, '{"commandId":"c"}')`,
      [foreign],
    );
    const reader = readerOf({ from });
    const { facts } = await reader.next(0, never);
    reader.close();
    expect(facts.map(({ source, streamId }) => [source, streamId])).toEqual([
      ['projects', own],
      ['costs', foreign],
    ]);
    expect(facts[1]).toMatchObject({
      own: false,
      version: 1,
      schemaVersion: 2,
      recordedAt: '2026-03-01T00:00:00.123456Z',
      data: null,
      metadata: { commandId: 'c' },
    });
  });

  it('refuses a database that is older than its cursor', async () => {
    const reader = readerOf({ from: { base: parseSnapshot('900000000000:900000000000:') } });
    await expect(reader.next(0, never)).rejects.toThrow(StoreRestored);
    reader.close();
  });
});

describe('closed instants', () => {
  const CLOCK = `select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as now`;
  const now = async (): Promise<string> => (await store.pool.query<{ now: string }>(CLOCK)).rows[0]?.now ?? '';

  it('close behind the reader, and never over a transaction that already has an id', async () => {
    const reader = readerOf();
    const read = async (): Promise<void> => reader.done(await reader.next(0, never));
    const closedAfter = async (instant: string): Promise<boolean> => {
      for (let tries = 0; tries < 2_000 && (reader.closedInstant() ?? '') <= instant; tries += 1)
        reader.done(await reader.next(10, never));
      return (reader.closedInstant() ?? '') > instant;
    };
    expect(await closedAfter(await now())).toBe(true);

    const recordedAt = await inTransaction(async (client) => {
      await client.query('select pg_current_xact_id()');
      const at = await now();
      for (let polls = 0; polls < 60; polls += 1) {
        await read();
        await reader.next(10, never);
      }
      expect((reader.closedInstant() ?? '') <= at).toBe(true);
      return at;
    }, 'commit');
    expect(await closedAfter(recordedAt)).toBe(true);
    reader.close();
  });

  it('count and tell an event that was recorded before one: the clock stepped', async () => {
    const errors: object[] = [];
    const log = { ...silentLog, error: (detail: object) => void errors.push(detail) };
    const reader = readerOf({ log, closedFrom: '2100-01-01T00:00:00.000000Z' });
    await append(randomUUID(), 1, 0, 'commit');
    reader.done(await reader.next(0, never));
    reader.close();
    expect(reader.lateFacts()).toBeGreaterThan(0);
    expect(errors).toHaveLength(1);
  });
});
