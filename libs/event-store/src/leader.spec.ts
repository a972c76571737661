import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, it } from '@jest/globals';
import { throwAwayDatabase } from '@tongchou/testing';
import pg from 'pg';
import { lead, type Leadership, type LeaderTiming, type Lease } from './leader.ts';
import { silentLog } from './log.ts';
import { createSilentSessions } from './silent-sessions.ts';
import { openStore } from './store.ts';

const database = await throwAwayDatabase();
const store = await openStore({ url: database.url, service: 'projects' });
const instances: Leadership[] = [];
afterAll(async () => {
  await Promise.all(instances.map((instance) => instance.stop()));
  await store.close();
  await database.drop();
});

interface Instance {
  readonly leadership: Leadership;
  readonly leases: Lease[];
}

const QUICK: LeaderTiming = { heartbeatMs: 50, idleSessionMs: 1_000, retryMs: 25 };

function start(name: string, timing: Partial<LeaderTiming> = {}): Instance {
  const leases: Lease[] = [];
  const leadership = lead({
    store,
    name,
    log: silentLog,
    timing: { ...QUICK, ...timing },
    async onLead(lease) {
      leases.push(lease);
      await new Promise((resolve) => lease.signal.addEventListener('abort', resolve, { once: true }));
    },
  });
  instances.push(leadership);
  return { leadership, leases };
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1_500 && !condition(); tries += 1) await pause(10);
  expect(condition()).toBe(true);
}

const endSessions = (name: string): Promise<unknown> =>
  store.pool.query(
    `select pg_terminate_backend(l.pid) from pg_locks l join pg_stat_activity a using (pid)
     where l.locktype = 'advisory' and l.granted and a.datname = current_database() and a.application_name = $1`,
    [`projects ${name} leader`],
  );

it('lets one instance lead, and another take over with the next epoch when it stops', async () => {
  const first = start('stops');
  await until(() => first.leadership.leading());
  const second = start('stops');
  await first.leadership.stop();
  expect(first.leadership.leading()).toBe(false);
  await until(() => second.leadership.leading());
  expect(first.leases.map((lease) => lease.epoch)).toEqual([1]);
  expect(second.leases.map((lease) => lease.epoch)).toEqual([2]);
});

it('tells a leader whose session ended, as in a restart of the database, and leads again', async () => {
  const only = start('cut');
  await until(() => only.leadership.leading());
  await endSessions('cut');
  await until(() => only.leases[0]?.signal.aborted === true);
  await until(() => only.leadership.leading() && only.leases.length === 2);
  expect(only.leases.map((lease) => lease.epoch)).toEqual([1, 2]);
});

it('takes over from a frozen process, which finds itself deposed when it wakes', async () => {
  const frozen = start('frozen', { heartbeatMs: 3_600_000 });
  await until(() => frozen.leadership.leading());
  const other = start('frozen');
  await until(() => other.leadership.leading());
  expect(other.leases[0]?.epoch).toBe(2);
  await until(() => frozen.leases[0]?.signal.aborted === true);
});

it('gives the lease up when the work fails, and tries again with a new epoch', async () => {
  const epochs: number[] = [];
  const leadership = lead({
    store,
    name: 'fails',
    log: silentLog,
    timing: QUICK,
    onLead: async ({ epoch, signal }) => {
      epochs.push(epoch);
      if (epoch < 3) throw new Error('not yet');
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    },
  });
  instances.push(leadership);
  await until(() => epochs.length === 3);
  expect(epochs).toEqual([1, 2, 3]);
});

/** As the session of a frozen process that PostgreSQL does not end, because its clock was set back. */
async function openForgotten(name: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url, application_name: `projects ${name} leader` });
  client.on('error', () => undefined);
  await client.connect();
  await client.query(`select pg_advisory_lock(hashtextextended('es.leader ' || $1, 0))`, [name]);
  return client;
}

it('ends the session of a frozen leader that PostgreSQL forgot', async () => {
  const forgotten = await openForgotten('forgotten');
  const next = start('forgotten');
  await until(() => next.leadership.leading());
  await expect(forgotten.query('select 1')).rejects.toThrow();
});

it('leaves sessions alone that give signs, and those of other names', async () => {
  const [lively, other] = [await openForgotten('lively'), await openForgotten('other')];
  const silent = createSilentSessions('projects lively leader', 0);
  let ended = 0;
  for (let look = 0; look < 20; look += 1) {
    await lively.query('select 1');
    ended += await silent.end(store.pool);
  }
  expect(ended).toBe(0);
  expect((await lively.query('select 1')).rowCount).toBe(1);
  expect((await other.query('select 1')).rowCount).toBe(1);
  await Promise.all([lively.end(), other.end()]);
});
