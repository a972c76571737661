import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { silentLog } from '@tongchou/event-store';
import { eventually, throwAwayDatabase } from '@tongchou/testing';
import type { ThrowAwayDatabase } from '@tongchou/testing';
import pg from 'pg';
import type { Bus, PartitionBatch } from './bus.ts';
import { openPostgresBus } from './postgres-bus.ts';
import { removePassed } from './postgres-retention.ts';

const TOPIC = 'kept.events.v1';
const DAY_MS = 86_400_000;

let database: ThrowAwayDatabase;
let pool: pg.Pool;
let bus: Bus;
beforeAll(async () => {
  database = await throwAwayDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 2 });
  // Any number of processes may start at once on an empty database.
  const open = () => openPostgresBus({ url: database.url, log: silentLog, timing: { heartbeatMs: 50 } });
  const [first, ...others] = await Promise.all([open(), open(), open(), open(), open()]);
  await Promise.all(others.map((other) => other.close()));
  bus = first;
  await bus.openTopic(TOPIC);
});
afterAll(async () => {
  await bus.close();
  await pool.end();
  await database.drop();
});

const held = async (): Promise<string[]> => {
  const { rows } = await pool.query<{ value: string }>(
    `select convert_from(value, 'UTF8') as value from bus.log where partition = 0 order by "offset"`,
  );
  return rows.map(({ value }) => value);
};
const passed = async (group: string, position: number): Promise<void> => {
  await eventually(`${group} at ${position}`, async () => {
    const { rows } = await pool.query(
      `select from bus.progress where "group" = $1 and partition = 0 and next_offset = $2`,
      [group, position],
    );
    return rows.length > 0;
  });
};
const subscribe = (group: string, onBatch: (batch: PartitionBatch) => Promise<void>) =>
  bus.subscribe({ group, topics: [TOPIC], from: 'earliest', onBatch });

describe('what every group has passed', () => {
  it('goes when it is old, watermarks at once, and a group that comes later begins at what is left', async () => {
    const message = (value: string) => ({ key: null, headers: {}, value: Buffer.from(value), partition: 0 });
    const to = {
      generation: '0190a000-0000-7000-8000-000000000001',
      cursor: '1',
      epoch: 1,
      systemIdentifier: 'spec',
    };
    const messages = [message('a'), { ...message('w1'), ephemeral: true as const }, message('b'), message('c')];
    await bus.publish(TOPIC, messages, { from: undefined, to });
    await pool.query(`update bus.log set published_at = now() - interval '9 days' where "offset" < 3`);

    const slow = await subscribe('slow', async (batch) => batch.retryLater(60_000));
    const quick = await subscribe('quick', async () => {});
    await passed('quick', 4);
    await removePassed(pool, 7 * DAY_MS);
    expect(await held()).toEqual(['a', 'w1', 'b', 'c']);

    await slow.close();
    const slowAgain = await subscribe('slow', async () => {});
    await passed('slow', 4);
    await removePassed(pool, 30 * DAY_MS);
    expect(await held()).toEqual(['a', 'b', 'c']);
    await removePassed(pool, 7 * DAY_MS);
    expect(await held()).toEqual(['c']);
    await removePassed(pool, 7 * DAY_MS);
    expect(await held()).toEqual(['c']);

    const batches: PartitionBatch[] = [];
    const late = await subscribe('late', async (batch) => void batches.push(batch));
    await eventually('what is left', () => batches.length > 0);
    expect(batches[0]).toMatchObject({ from: 3, to: 4, since: 0 });
    await Promise.all([late, slowAgain, quick].map((subscription) => subscription.close()));
  });
});

describe('a handler that hangs', () => {
  it('makes its subscription unhealthy, by name', async () => {
    const impatient = await openPostgresBus({
      url: database.url,
      log: silentLog,
      timing: { heartbeatMs: 50, stuckMs: 200 },
    });
    let release: () => void = () => {};
    const hanging = new Promise<void>((resolve) => (release = resolve));
    const subscription = await impatient.subscribe({
      group: 'hanging',
      topics: [TOPIC],
      from: 'earliest',
      onBatch: () => hanging,
    });
    const reason = await eventually('it is unhealthy', () => subscription.status().reason);
    expect(reason).toBe(`the handler of ${TOPIC}/0 gives no sign`);
    release();
    await eventually('it is healthy again', () => subscription.status().healthy);
    await impatient.close();
  });
});
