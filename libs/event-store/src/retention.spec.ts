import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, throwAwayDatabase } from '@tongchou/testing';
import { createAppender } from './append.ts';
import { type House, openHouse, QUICK } from './facts.fixture.ts';
import { fingerprintOf } from './fingerprint.ts';
import { newEventId } from './identity.ts';
import { silentLog } from './log.ts';
import { oldCommands } from './old-commands.ts';
import { replacedTables } from './rebuild.ts';
import { startRetention, type Sweep } from './retention.ts';
import type { Store } from './store.ts';

const DAY_MS = 86_400_000;

let house: House;
let store: Store;
beforeAll(async () => {
  house = await openHouse(await throwAwayDatabase());
  ({ store } = house);
});
afterAll(() => house.close());

const still = new AbortController().signal;

async function keep(commandIds: readonly string[], days: number): Promise<void> {
  const commands = commandIds.map((commandId) => ({
    scope: 'spec',
    commandId,
    fingerprint: fingerprintOf(1),
    kept: true,
    events: [],
  }));
  await createAppender(store).append({ streamId: newEventId(), streamType: 'Thing', expectedVersion: 0, commands });
  await store.pool.query(
    `update es.commands set recorded_at = clock_timestamp() - $2 * interval '1 day' where command_id = any($1)`,
    [commandIds, days],
  );
}

const kept = async (): Promise<number> => {
  const { rows } = await store.pool.query<{ kept: number }>('select count(*)::int as kept from es.commands');
  return rows[0]?.kept ?? -1;
};

const named = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix} ${index}`);

describe('command keys', () => {
  it('go when they are old, piece by piece over the whole table, and young ones stay', async () => {
    // So wide that the table has several pieces.
    await keep(named(`old ${'x'.repeat(2_000)}`, 600), 31);
    await keep(named('young', 50), 29);
    await keep(named(`older ${'y'.repeat(2_000)}`, 600), 90);
    expect(await oldCommands(store.pool, 30 * DAY_MS).remove(still)).toBe(1_200);
    expect(await kept()).toBe(50);
    expect(await oldCommands(store.pool, 30 * DAY_MS).remove(still)).toBe(0);
    expect(await oldCommands(store.pool, 28 * DAY_MS).remove(AbortSignal.abort())).toBe(0);
    expect(await oldCommands(store.pool, 28 * DAY_MS).remove(still)).toBe(50);
  });

  it('stay while either clock says that they are young', async () => {
    await keep(['from the days to come'], -10);
    expect(await oldCommands(store.pool, DAY_MS).remove(still)).toBe(0);
    await store.pool.query('delete from es.commands');
  });
});

describe('tables that were replaced', () => {
  it('stay a day', async () => {
    const at = (daysAgo: number): string => String(Date.now() - daysAgo * DAY_MS);
    await store.pool.query(
      `create schema rm_old; create table rm_old.works_v1_${at(2)} (); create table rm_old.works_v2_${at(0.5)} ()`,
    );
    expect(await replacedTables(store.pool).remove(still)).toBe(1);
    expect(await replacedTables(store.pool).remove(still)).toBe(0);
  });
});

describe('retention', () => {
  const start = (sweeps: readonly Sweep[]) =>
    startRetention({ store, sweeps, log: silentLog, everyMs: 20, timing: QUICK });

  it('is one instance of several that share a database, and goes on in another', async () => {
    await keep(named('aged', 3), 31);
    const sweeps = [oldCommands(store.pool, 30 * DAY_MS)];
    const [one, two] = [start(sweeps), start(sweeps)];
    await eventually('they are removed', async () => (await kept()) === 0);
    const leads = () => [one, two].filter((each) => each.status().leading);
    expect(leads()).toHaveLength(1);
    const [first] = leads();
    await first?.stop();
    await keep(named('aged again', 3), 31);
    await eventually('another goes on', async () => (await kept()) === 0 && leads().length === 1);
    await Promise.all([one.stop(), two.stop()]);
  });

  it('says what fails, goes on with the rest, and tries again', async () => {
    let works = false;
    const moody: Sweep = {
      name: 'moody',
      remove: () => (works ? Promise.resolve(7) : Promise.reject(new Error('not today'))),
    };
    const retention = start([moody, { name: 'sound', remove: () => Promise.resolve(1) }]);
    const [sick, sound] = [() => retention.status().sweeps[0], () => retention.status().sweeps[1]];
    await eventually('the sound one works', () => (sound()?.removed ?? 0) > 0);
    expect(sick()).toEqual({ name: 'moody', removed: 0, trouble: 'Error: not today' });
    works = true;
    await eventually('it works again', () => (sick()?.removed ?? 0) > 0 && sick()?.trouble === undefined);
    await retention.stop();
  });
});
