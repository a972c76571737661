import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, throwAwayDatabase } from '@tongchou/testing';
import { readBacklog } from './backlog.ts';
import { currentSnapshot, FROM_THE_START } from './difference.ts';
import { lead, ledBySomebody } from './leader.ts';
import { silentLog } from './log.ts';
import { migrationTrouble } from './migration-state.ts';
import { openStore, type Store } from './store.ts';

let database: Awaited<ReturnType<typeof throwAwayDatabase>>;
let store: Store;
beforeAll(async () => {
  database = await throwAwayDatabase();
  store = await openStore({ url: database.url, service: 'house' });
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

const insert = (count: number, ageSeconds = 0): Promise<unknown> =>
  store.pool.query(
    `insert into es.events (recorded_at, stream_id, stream_type, version, event_id, event_type, schema_version, data, metadata)
     select clock_timestamp() - make_interval(secs => $2), gen_random_uuid(), 'House', 1, gen_random_uuid(), 'Happened', 1, '{}', '{}'
     from generate_series(1, $1::integer)`,
    [count, ageSeconds],
  );

describe('a backlog', () => {
  it('counts what came after the cursor, and tells the age of the oldest', async () => {
    expect(await readBacklog(store.pool, FROM_THE_START, ['events', 'received'])).toEqual({
      facts: 0,
      oldestSeconds: 0,
    });
    await insert(3, 60);
    const here = { base: await currentSnapshot(store.pool) };
    expect(await readBacklog(store.pool, here, ['events'])).toEqual({ facts: 0, oldestSeconds: 0 });
    await insert(2, 7);
    const later = await readBacklog(store.pool, here, ['events', 'received']);
    expect(later.facts).toBe(2);
    expect(later.oldestSeconds).toBeGreaterThanOrEqual(7);
    const whole = await readBacklog(store.pool, FROM_THE_START, ['events']);
    expect(whole.facts).toBe(5);
    expect(whole.oldestSeconds).toBeGreaterThanOrEqual(60);
  });

  it('holds what was still running at the cursor', async () => {
    const slow = await store.pool.connect();
    await slow.query('begin; select pg_current_xact_id()');
    await insert(1);
    const here = { base: await currentSnapshot(store.pool) };
    await slow.query(
      `insert into es.events (recorded_at, stream_id, stream_type, version, event_id, event_type, schema_version, data, metadata)
       values (clock_timestamp(), gen_random_uuid(), 'House', 1, gen_random_uuid(), 'Happened', 1, '{}', '{}')`,
    );
    expect((await readBacklog(store.pool, here, ['events'])).facts).toBe(0);
    await slow.query('commit');
    slow.release();
    expect((await readBacklog(store.pool, here, ['events'])).facts).toBe(1);
  });

  it('is told by positions above ten thousand, and while it is paged through', async () => {
    await insert(12_000);
    const { facts } = await readBacklog(store.pool, FROM_THE_START, ['events']);
    expect(facts).toBeGreaterThanOrEqual(12_007);
    expect(facts).toBeLessThan(12_050);
    const { rows } = await store.pool.query<{ last: string }>('select max(position) as last from es.events');
    const target = await currentSnapshot(store.pool);
    const after = String(Number(rows[0]?.last) - 100);
    const paged = { ...FROM_THE_START, paging: { target, after } };
    expect((await readBacklog(store.pool, paged, ['events', 'received'])).facts).toBe(100);
  });
});

describe('who leads', () => {
  it('is known everywhere, for as long as it does', async () => {
    expect([...(await ledBySomebody(store.pool, ['relay', 'runner']))]).toEqual([]);
    const leading = lead({
      store,
      name: 'relay',
      log: silentLog,
      onLead: ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
    });
    await eventually(
      'the relay is led',
      async () => [...(await ledBySomebody(store.pool, ['relay', 'runner']))].join() === 'relay',
    );
    await eventually('its work runs', () => leading.leading());
    await leading.stop();
    expect((await ledBySomebody(store.pool, ['relay'])).size).toBe(0);
  });
});

describe('the migrations of a database', () => {
  it('fit this release, until it is replaced or a newer one migrates it', async () => {
    expect(await migrationTrouble(store)).toEqual([]);
    await store.pool.query(`insert into migrations (timestamp, name) values (1, 'FromTomorrow')`);
    expect(await migrationTrouble(store)).toEqual([expect.stringContaining('FromTomorrow ran')]);
    await store.pool.query('drop table migrations');
    expect(await migrationTrouble(store)).toEqual([expect.stringContaining('did not run in this database')]);
  });
});
