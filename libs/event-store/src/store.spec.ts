import { afterAll, expect, it } from '@jest/globals';
import { throwAwayDatabase } from '@tongchou/testing';
import pg from 'pg';
import { createAppender } from './append.ts';
import { fingerprintOf } from './fingerprint.ts';
import { newEventId } from './identity.ts';
import { silentLog } from './log.ts';
import { EngineSchema1764000000000 } from './migrations.ts';
import { openStore, type Store } from './store.ts';

const database = await throwAwayDatabase();
const open: Store[] = [];

async function opened(options: Partial<Parameters<typeof openStore>[0]> = {}): Promise<Store> {
  const store = await openStore({ url: database.url, service: 'things', ...options });
  open.push(store);
  return store;
}

afterAll(async () => {
  await Promise.all(open.map((store) => store.close()));
  await database.drop();
});

const append = (store: Store) =>
  createAppender(store).append({
    streamId: newEventId(),
    streamType: 'Thing',
    expectedVersion: 0,
    commands: [{ scope: 's', commandId: newEventId(), fingerprint: fingerprintOf(1), kept: true, events: [] }],
  });

it('is migrated once when five instances start at the same moment, and all five come up', async () => {
  for (let round = 0; round < 3; round += 1) {
    const fresh = await throwAwayDatabase();
    const stores = await Promise.all(Array.from({ length: 5 }, () => openStore({ url: fresh.url, service: 'things' })));
    const { rows } = (await stores[0]?.pool.query('select name from migrations order by name')) ?? { rows: [] };
    expect(rows).toEqual([
      { name: 'EngineSchema1764000000000' },
      { name: 'Generations1764200000000' },
      { name: 'PublishedCheckpoints1764100000000' },
    ]);
    await Promise.all(stores.map(append));
    await Promise.all(stores.map((store) => store.close()));
    await fresh.drop();
  }
});

it('names the same system for every store of a server', async () => {
  const [one, two] = [await opened(), await opened()];
  expect(one.systemIdentifier).toMatch(/^\d+$/);
  expect(two.systemIdentifier).toBe(one.systemIdentifier);
});

it('waits for nothing without end', async () => {
  const store = await opened();
  const shown = async (pool: pg.Pool, name: string): Promise<unknown> => {
    const { rows } = await pool.query<Record<string, string>>(`show ${name}`);
    return rows[0]?.[name];
  };
  for (const pool of [store.pool, store.hotPool]) {
    expect(await shown(pool, 'statement_timeout')).toBe('5s');
    expect(await shown(pool, 'lock_timeout')).toBe('2s');
    expect(await shown(pool, 'idle_in_transaction_session_timeout')).toBe('10s');
    expect(pool.options.connectionTimeoutMillis).toBe(3_000);
  }
});

it('refuses to let TypeORM change tables', async () => {
  await expect(opened({ synchronize: true })).rejects.toThrow('synchronize is refused');
});

it('refuses a server that would lose what it acknowledges, with the remedy', async () => {
  const lazy = await throwAwayDatabase();
  const client = new pg.Client(lazy.url);
  await client.connect();
  await client.query(`alter database ${client.database} set synchronous_commit = off`);
  await client.end();
  await expect(openStore({ url: lazy.url, service: 'things' })).rejects.toThrow(
    'synchronous_commit is off: turn it on',
  );
  await lazy.drop();
});

it('says at once when nobody answers', async () => {
  await expect(openStore({ url: 'postgres://nobody@127.0.0.1:1/none', service: 'things' })).rejects.toThrow();
});

it('survives that all its connections end, idle and lent ones, and works on', async () => {
  const warnings: string[] = [];
  const store = await opened({ log: { ...silentLog, warn: (_, message) => warnings.push(message) } });
  await append(store);
  const lent = await store.pool.connect();
  const admin = new pg.Client(database.url);
  await admin.connect();
  await admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  );
  await expect(lent.query('select 1')).rejects.toThrow();
  lent.release(true);
  for (let left = 50; left > 0 && warnings.length === 0; left -= 1) await admin.query('select pg_sleep(0.02)');
  expect(warnings).toContain('an idle connection to PostgreSQL ended');
  await admin.end();
  expect(await append(store)).toEqual({ appended: true });
  expect((await store.pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
});

it('keeps facts for ever: no update, no delete, no way back of the first migration', async () => {
  const store = await opened();
  await expect(store.pool.query('delete from es.events')).rejects.toThrow('facts are kept for ever');
  await expect(new EngineSchema1764000000000().down()).rejects.toThrow('no way back');
});
