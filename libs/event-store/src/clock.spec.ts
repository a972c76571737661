import { afterAll, expect, it } from '@jest/globals';
import { eventually, throwAwayDatabase } from '@tongchou/testing';
import { clockDifference, watchClock } from './clock.ts';
import { type Log, silentLog } from './log.ts';
import { openStore } from './store.ts';

const DAY_MS = 86_400_000;
const database = await throwAwayDatabase();
const store = await openStore({ url: database.url, service: 'things' });
afterAll(async () => {
  await store.close();
  await database.drop();
});

it('finds no difference to the clock of the same machine', async () => {
  expect(Math.abs(await clockDifference(store.pool))).toBeLessThan(100);
});

it('alarms once while the clocks are apart, and says when they agree again', async () => {
  const said: string[] = [];
  const note = (_detail: object, message: string): void => void said.push(message);
  const log: Log = { ...silentLog, error: note, info: note };
  const { now } = Date;
  const watch = watchClock({ store, log, everyMs: 5 });
  try {
    await eventually('the clocks are compared', () => watch.status().aheadMs !== undefined);
    expect(watch.status().alarm).toBeUndefined();
    Date.now = () => now() + 3 * DAY_MS;
    const alarm = await eventually('there is an alarm', () => watch.status().alarm);
    expect(alarm).toBe(
      'the clock of the database is 259200 s behind the one of this process: let both follow the same time server (NTP)',
    );
    Date.now = now;
    await eventually('the alarm ends', () => watch.status().alarm === undefined);
    expect(said).toEqual([alarm, 'the clocks agree again']);
  } finally {
    Date.now = now;
    await watch.stop();
  }
});
