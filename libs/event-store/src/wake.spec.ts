import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, it } from '@jest/globals';
import { throwAwayDatabase } from '@tongchou/testing';
import pg from 'pg';
import { silentLog } from './log.ts';
import { openWake } from './wake.ts';

const database = await throwAwayDatabase();
const admin = new pg.Client({ connectionString: database.url });
await admin.connect();
const here = openWake({ url: database.url, log: silentLog });
const there = openWake({ url: database.url, log: silentLog });
afterAll(async () => {
  await Promise.all([here.close(), there.close()]);
  await admin.end();
  await database.drop();
});

async function reaches(channel: 'facts' | 'folded'): Promise<boolean> {
  const ear = there.listen(channel);
  try {
    for (let tries = 0; tries < 200; tries += 1) {
      here.announce(channel);
      if (await ear.wait(50)) return true;
    }
    return false;
  } finally {
    ear.close();
  }
}

it('wakes listeners of this process at once', async () => {
  const ear = here.listen('facts');
  const waiting = ear.wait(30_000);
  here.announce('facts');
  expect(await waiting).toBe(true);
  ear.close();
});

it('wakes listeners of another process, each on its channel', async () => {
  expect(await reaches('facts')).toBe(true);
  expect(await reaches('folded')).toBe(true);
});

it('keeps what is announced between two waits, and ends a wait after its time or when it is aborted', async () => {
  const ear = here.listen('facts');
  await ear.wait(0);
  here.announce('facts');
  expect(await ear.wait(30_000)).toBe(true);
  expect(await ear.wait(1)).toBe(false);
  expect(await ear.wait(30_000, AbortSignal.abort())).toBe(false);
  ear.close();
});

it('connects again after its session was ended', async () => {
  const ended = await admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like '%wake'`,
  );
  expect(ended.rowCount).toBe(2);
  await pause(1);
  expect(await reaches('facts')).toBe(true);
});
