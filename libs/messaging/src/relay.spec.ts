import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, throwAwayDatabase } from '@tongchou/testing';
import type { ThrowAwayDatabase } from '@tongchou/testing';
import pg from 'pg';
import { silentLog } from '@tongchou/event-store';
import { joinBakery, openMill, relayOf } from './mill.fixture.ts';
import type { Member } from './mill.fixture.ts';
import { listParked } from './parked.ts';
import { openPostgresBus } from './postgres-bus.ts';
import { openListener, TOPIC } from './receiving.fixture.ts';
import { askToRepublish, republishing } from './republishing.ts';
import type { Bus } from './bus.ts';
import type { Relay } from './relay.ts';

let mill: Awaited<ReturnType<typeof openMill>>;
let bakery: Awaited<ReturnType<typeof openListener>>;
let busDatabase: ThrowAwayDatabase;
let bus: Bus;
let sql: pg.Pool;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  busDatabase = await throwAwayDatabase();
  mill = await openMill(await throwAwayDatabase());
  bakery = await openListener(await throwAwayDatabase());
  bus = await openPostgresBus({ url: busDatabase.url, log: silentLog });
  sql = new pg.Pool({ connectionString: busDatabase.url, max: 2 });
  sql.on('error', () => undefined);
});
afterAll(async () => {
  await sql.end();
  await bus.close();
  await Promise.all([mill.close(), bakery.close(), busDatabase.drop()]);
});
afterEach(async () => {
  for (const part of open.splice(0).reverse()) await part.close();
});

const relay = (...args: Parameters<typeof relayOf>): Relay => {
  const started = relayOf(...args);
  open.push({ close: () => started.stop() });
  return started;
};
const member = async (): Promise<Member> => {
  const joined = await joinBakery(bakery.store, busDatabase.url);
  open.push(joined);
  return joined;
};

let round = 0;
beforeEach(() => {
  round += 1;
});
/** Appends facts to a few streams of this test's own, some of them private. */
async function grind(facts: number): Promise<void> {
  for (let at = 0; at < facts; at += 1) {
    await mill.grind(`mill ${round}-${at % 5}`, at % 4 === 3 ? 'private' : 'public', 'public');
  }
}

/** Every own event of the mill arrived, once, in the order of its stream, and nothing waits. */
async function everythingArrived(): Promise<void> {
  const wanted = await mill.ground();
  await eventually('everything arrives', async () => (await bakery.received()).length >= wanted.length);
  const received = await bakery.received();
  expect([...received].sort()).toEqual([...wanted].sort());
  const last = new Map<string, number>();
  for (const place of received) {
    const [stream = '', version = ''] = place.split('/');
    expect(Number(version)).toBe((last.get(stream) ?? 0) + 1);
    last.set(stream, Number(version));
  }
  expect(await listParked(bakery.store)).toEqual([]);
}

const leastInstant = async (): Promise<string | undefined> => {
  const { rows } = await bakery.store.pool.query<{ least: string; partitions: string }>(
    `select to_char(min(instant) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as least, count(*) as partitions
       from es.watermarks where source = 'mill'`,
  );
  return rows[0]?.partitions === '12' ? rows[0].least : undefined;
};

describe('from store to store', () => {
  it('brings every fact, public and private, in order, once', async () => {
    const publishing = relay(mill.store, bus);
    await grind(20);
    await member();
    await grind(20);
    await everythingArrived();
    expect(publishing.status()).toMatchObject({ topic: TOPIC, leading: true, published: 80 });
    const { rows } = await bakery.store.pool.query<{ event_type: string; data: object | null }>(
      `select distinct event_type, data is null as hidden from es.received order by 1`,
    );
    expect(rows).toEqual([
      { event_type: 'Ground', hidden: false },
      { event_type: 'Kept', hidden: true },
    ]);
  });

  it('goes on where it stopped', async () => {
    await member();
    relay(mill.store, bus);
    await grind(5);
    await everythingArrived();
    const { rows } = await sql.query<{ doubled: string }>(
      `select count(*) - count(distinct headers->>'ce_id') as doubled from bus.log where not ephemeral`,
    );
    expect(rows[0]?.doubled).toBe('0');
  });

  it('is taken over by another instance when the one that leads is cut off', async () => {
    const stores = [await mill.open(), await mill.open()];
    open.push(...stores);
    const [first, second] = stores.map((store) => relay(store, bus));
    await member();
    await eventually('one leads', () => first?.status().leading || second?.status().leading);
    for (let cuts = 0; cuts < 3; cuts += 1) {
      await grind(10);
      await mill.store.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name like '%relay leader'
            and pid in (select pid from pg_locks where locktype = 'advisory')`,
      );
    }
    await grind(10);
    await everythingArrived();
  });

  it('waits while the bus is away, and says so', async () => {
    const publishing = relay(mill.store, bus);
    await member();
    await sql.query('alter table bus.log rename to gone');
    await grind(3);
    await eventually('trouble', () => publishing.status().trouble);
    await sql.query('alter table bus.gone rename to log');
    await everythingArrived();
    await eventually('trouble is over', () => publishing.status().trouble === undefined);
  });

  it('loses and doubles nothing while connections of bus and listener die', async () => {
    relay(mill.store, bus);
    await member();
    await member();
    for (let cuts = 0; cuts < 8; cuts += 1) {
      await grind(6);
      for (const pool of [sql, bakery.store.pool]) {
        await pool
          .query(
            `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
                and pid <> pg_backend_pid() and backend_type = 'client backend' order by random() limit 2`,
          )
          .catch(() => undefined);
      }
    }
    await everythingArrived();
  });
});

describe('a topic that lost messages', () => {
  it('is published anew when it was made anew, and who listens absorbs what it knows', async () => {
    const publishing = relay(mill.store, bus);
    await member();
    await grind(5);
    await everythingArrived();
    const before = publishing.status().generation;
    await sql.query('truncate bus.log, bus.parts, bus.checkpoints, bus.progress');
    await grind(5);
    await everythingArrived();
    const after = await eventually('another generation', () => {
      const { generation } = publishing.status();
      return generation !== before && generation;
    });
    expect(after).toBeDefined();
    await grind(5);
    await everythingArrived();
  });

  it('is published anew when it was restored to an earlier state', async () => {
    await member();
    const first = relayOf(mill.store, bus);
    await eventually('a generation', () => first.status().generation);
    await grind(5);
    await everythingArrived();
    await sql.query(`create table public.backup as table bus.log; create table public.ends as table bus.parts;
                     create table public.kept as table bus.checkpoints`);
    await grind(5);
    await everythingArrived();
    await first.stop();
    const before = first.status().generation;
    await sql.query(`truncate bus.log, bus.parts, bus.checkpoints;
      insert into bus.log table public.backup; insert into bus.parts table public.ends;
      insert into bus.checkpoints table public.kept; drop table public.backup, public.ends, public.kept`);
    await grind(5);
    const again = relay(mill.store, bus);
    await eventually('another generation', () => again.status().generation !== before && again.status().generation);
    await everythingArrived();
    await grind(5);
    await everythingArrived();
  });

  it('is published anew when asked', async () => {
    const publishing = relay(mill.store, bus);
    await member();
    await eventually('it leads', () => publishing.status().generation);
    const before = publishing.status().generation;
    const { wish, facts } = await askToRepublish(mill.store);
    expect(facts).toBe((await mill.ground()).length);
    const told = await eventually('all of it', async () => {
      const now = await republishing(mill.store, bus);
      return now?.done && now;
    });
    expect(told).toMatchObject({ wish, published: facts, generation: publishing.status().generation });
    expect(told?.generation).not.toBe(before);
    await grind(2);
    await everythingArrived();
  });
});

describe('members of a group', () => {
  it('share what comes, and take over from one that is frozen, which wakes late without effect', async () => {
    relay(mill.store, bus);
    const script = new URL('frozen-member.fixture.ts', import.meta.url).pathname;
    const child = spawn(
      process.execPath,
      ['--conditions=@tongchou/source', '--disable-warning=ExperimentalWarning', script, bakery.url, busDatabase.url],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const ended = once(child, 'exit');
    open.push({
      async close() {
        child.kill('SIGKILL');
        await ended;
      },
    });
    await once(child.stdout, 'data');
    await eventually('it holds all partitions', async () => {
      const { rows } = await sql.query<{ held: string }>(
        `select count(*) as held from pg_locks l join pg_stat_activity a using (pid)
          where l.locktype = 'advisory' and a.application_name = 'bus member of bakery'`,
      );
      return rows[0]?.held === '13';
    });
    await grind(10);
    await everythingArrived();
    for (let freezes = 0; freezes < 2; freezes += 1) {
      const feeding = grind(40);
      child.kill('SIGSTOP');
      await feeding;
      const other = await joinBakery(bakery.store, busDatabase.url);
      await everythingArrived();
      child.kill('SIGCONT');
      await grind(5);
      await everythingArrived();
      await other.close();
    }
    await grind(5);
    await everythingArrived();
  });
});

describe('watermarks', () => {
  it('tell idle from dead, and cover only what has arrived', async () => {
    const publishing = relay(mill.store, bus);
    await member();
    const first = await eventually('all partitions', leastInstant);
    const later = await eventually('they move while idle', async () => {
      const now = await leastInstant();
      return now !== undefined && now > first && now;
    });
    for (let at = 0; at < 10; at += 1) {
      await grind(5);
      const covered = (await leastInstant()) ?? later;
      const arrived = new Set(await bakery.received());
      const { rows } = await mill.store.pool.query<{ place: string }>(
        `select stream_id || '/' || version as place from es.events where recorded_at <= $1`,
        [covered],
      );
      expect(rows.filter(({ place }) => !arrived.has(place))).toEqual([]);
    }
    await everythingArrived();
    await publishing.stop();
    const silent = await eventually('the last one is in', async () => {
      const now = await leastInstant();
      const ends = await bus.ends(TOPIC);
      const stored = Object.values(await bakery.offsets());
      return ends.every((end) => stored.includes(end)) && now;
    });
    await eventually('time passes', async () => {
      const { rows } = await mill.store.pool.query<{ passed: boolean }>(
        `select clock_timestamp() - $1::timestamptz > interval '2 s' as passed`,
        [silent],
      );
      return rows[0]?.passed;
    });
    expect(await leastInstant()).toBe(silent);
    relay(mill.store, bus);
    await eventually('alive again', async () => ((await leastInstant()) ?? '') > silent);
  });
});
