import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, readyOf, throwAwayDatabase, untilReady } from '@tongchou/testing';
import { defineConfig } from './define-config.ts';
import { serviceSettings } from './service-settings.ts';
import { ShelfModule } from './shelf.fixture.ts';
import { standUp, type Standing } from './stand-up.ts';
import { access, postLines, putBook, sampleCity, verdicts } from './standing.fixture.ts';

let own: Awaited<ReturnType<typeof throwAwayDatabase>>;
let bus: Awaited<ReturnType<typeof throwAwayDatabase>>;
let city: ReturnType<typeof sampleCity>;
let standing: Standing;
beforeAll(async () => {
  [own, bus] = [await throwAwayDatabase(), await throwAwayDatabase()];
  city = sampleCity(own, bus);
  standing = await city.stand();
});
afterAll(async () => {
  await standing.close();
  await city.drop();
});

const put = async (title: string, at = standing) =>
  verdicts(await (await postLines(at.url, putBook('ready', title))).text())[0]?.status;
const ready = (): Promise<unknown> =>
  untilReady(standing.url, ({ http, degraded }) => http === 200 && degraded === undefined);

describe('not ready, with the reason, until it has passed', () => {
  it.each([
    ['read model shelves: a bug', `set stopped = 'a bug' where reader = 'model.shelves'`],
    ['policy books_of_costs: a bug', `set stopped = 'a bug' where reader = 'policy.books_of_costs'`],
  ])('%s', async (reason, change) => {
    await ready();
    await eventually(reason, async () => {
      // Again and again: the row is made by the first lease.
      await own.run(`update es.checkpoints ${change}`);
      return (await readyOf(standing.url)).reasons?.includes(reason) === true;
    });
    expect((await readyOf(standing.url)).http).toBe(503);
    await own.run('update es.checkpoints set stopped = null');
    await ready();
  });

  it('migrations of a newer release, and migrations that did not run', async () => {
    await own.run(`insert into migrations (timestamp, name) values (1, 'FromTomorrow')`);
    await untilReady(
      standing.url,
      ({ http, reasons }) => http === 503 && /^migrations: FromTomorrow ran/.test(String(reasons)),
    );
    await own.run(`update migrations set name = 'Kept' where name = 'EngineSchema1764000000000'`);
    await untilReady(standing.url, ({ reasons }) => /migrations: EngineSchema.* did not run/.test(String(reasons)));
    await own.run(
      `delete from migrations where name = 'FromTomorrow'; update migrations set name = 'EngineSchema1764000000000' where name = 'Kept'`,
    );
    await ready();
  });

  it('the database is away', async () => {
    const back = await own.away();
    await untilReady(
      standing.url,
      ({ http, reasons }) => http === 503 && reasons?.includes('database: it does not answer') === true,
    );
    expect(await put('away')).toBe('retry');
    await back();
    await ready();
    expect(await put('away')).toBe('accepted');
  });
});

describe('ready, with what is waited for', () => {
  it('a bus that is away: commands go on, and it recovers by itself', async () => {
    const back = await bus.away();
    expect(await put('busless')).toBe('accepted');
    const told = await untilReady(standing.url, ({ degraded }) =>
      ['relay: ', 'receiving: '].every((what) => degraded?.some((reason) => reason.startsWith(what)) === true),
    );
    expect(told).toMatchObject({ http: 200, status: 'ready' });
    await back();
    await ready();
  });

  it('a broker that is down at start: it stands up, and commands go on', async () => {
    const store = await throwAwayDatabase();
    const config = defineConfig(serviceSettings('shelf', 0), {
      PRINCIPAL_KEYS: access.keys,
      LOG_LEVEL: 'silent',
      SHELF_DATABASE_URL: store.url,
      KAFKA_BROKERS: '127.0.0.1:1',
    });
    const busless = await standUp(ShelfModule.with(config), { ...config, port: 0 });
    expect(await put('busless', busless)).toBe('accepted');
    const told = await untilReady(busless.url, ({ degraded }) =>
      ['relay: ', 'receiving: '].every((what) => degraded?.some((reason) => reason.startsWith(what)) === true),
    );
    expect(told).toMatchObject({ http: 200, status: 'ready' });
    expect(String(told.degraded)).toMatch(/no broker answers: start it, or put KAFKA_BROKERS right/);
    await busless.close();
    await store.drop();
  });
});
