import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Fact, ReadModel } from '@tongchou/kernel';
import { throwAwayDatabase } from '@tongchou/testing';
import { decode, type Happened, type House, openHouse, QUICK, totals, until } from './facts.fixture.ts';
import type { AnyReadModel } from './fold.ts';
import { silentLog } from './log.ts';
import { readRows, servingTable } from './model-table.ts';
import { type Runner, startRunner } from './runner.ts';
import type { Store } from './store.ts';

const count = (name: string): ReadModel<{ source: string; events: number }, Fact<Happened>, 'source'> => ({
  name,
  version: 1,
  columns: { source: 'text', events: 'integer' },
  primaryKey: ['source'],
  key: ({ source }) => ({ source }),
  fold: (row, { source }) => ({ source, events: (row?.events ?? 0) + 1 }),
});

const touchy = (): AnyReadModel => ({
  ...count('touchy'),
  fold: (_row, { event, source }) => {
    if ('amount' in event && event.amount === 13) throw new Error('unlucky');
    return { source, events: 1 };
  },
});

let house: House;
let store: Store;
const runners: Runner[] = [];
beforeEach(async () => {
  house = await openHouse(await throwAwayDatabase());
  ({ store } = house);
});
afterEach(async () => {
  await Promise.all(runners.splice(0).map((runner) => runner.stop()));
  await house.close();
});

const happen: House['happen'] = (...args) => house.happen(...args);

async function start(...models: AnyReadModel[]): Promise<Runner> {
  const runner = await startRunner({ store, models, decode, log: silentLog, timing: QUICK });
  runners.push(runner);
  return runner;
}

const expectFolded = async (model: AnyReadModel): Promise<void> => expect(await house.differences(model)).toEqual([]);

const checkpoints = async (): Promise<Record<string, unknown>[]> =>
  (
    await store.pool.query(
      'select reader, reader_version, base::text, epoch::int, updated_at, stopped from es.checkpoints order by 1',
    )
  ).rows;

describe('the runner', () => {
  it('folds own and received facts into all models, with one base', async () => {
    await happen('A', [1, 2]);
    const runner = await start(totals, count('sources'));
    await runner.untilCaughtUp();
    await happen('A', [5], 'costs');
    await happen('B', [9_007_199_254_740_991]);
    await runner.untilCaughtUp();
    await expectFolded(totals);
    await expectFolded(count('sources'));
    const [one, other] = await checkpoints();
    expect(one?.['base']).toBe(other?.['base']);
    expect(runner.status()).toMatchObject({
      leading: true,
      models: [{ name: 'totals', version: 1 }, { name: 'sources' }],
    });
  });

  it('writes nothing while it is idle', async () => {
    const runner = await start(totals);
    await happen('A', [1]);
    await runner.untilCaughtUp();
    const before = await checkpoints();
    await store.pool.query(`create table unrelated (x int)`);
    await pause(1_500);
    expect(await checkpoints()).toEqual(before);
  });

  it('lets a model that throws stop alone, with its reason, and go on after a repair', async () => {
    const runner = await start(touchy(), totals);
    await happen('A', [1]);
    await runner.untilCaughtUp();
    await happen('A', [13]);
    await happen('A', [2]);
    await until(() => runner.status().models[0]?.stopped !== undefined);
    expect(runner.status().models[0]?.stopped).toMatch(/fold of read model touchy fails at Happened .*unlucky/);
    expect(runner.status().models[1]?.stopped).toBeUndefined();
    await expect(runner.untilCaughtUp()).rejects.toThrow(/unlucky/);
    await happen('B', [3]);
    await until(async () => (await readRows(store.pool, servingTable(totals), [{ project: 'B' }])).size === 1);
    await expectFolded(totals);
    await runner.stop();
    const repaired = await start(count('touchy'), totals);
    await until(() => repaired.status().models[0]?.stopped === undefined);
    await repaired.untilCaughtUp();
    await expectFolded(count('touchy'));
  });

  it('lets a model whose rows PostgreSQL refuses stop alone', async () => {
    const runner = await start(
      { ...count('refused'), fold: () => ({ source: 'projects', events: 3_000_000_000 }) },
      totals,
    );
    await happen('A', [1]);
    await until(() => runner.status().models[0]?.stopped !== undefined);
    expect(runner.status().models[0]?.stopped).toMatch(/rows of read model refused are refused: .*integer/);
    await until(async () => (await readRows(store.pool, servingTable(totals), [{ project: 'A' }])).size === 1);
    await expectFolded(totals);
  });

  it('refuses to go on with columns that changed without a new version', async () => {
    await (await start(totals)).stop();
    const runner = await start({ ...totals, columns: { ...totals.columns, amount: 'integer' } });
    await until(() => runner.status().models[0]?.stopped !== undefined);
    expect(runner.status().models[0]?.stopped).toMatch(/raise version 1 of read model totals/);
  });

  it('stops in a restored database and says so; a rebuild heals', async () => {
    const first = await start(totals);
    await happen('A', [1]);
    await first.untilCaughtUp();
    await first.stop();
    await store.pool.query(`update es.checkpoints set system_identifier = 'another/00000001'`);
    const runner = await start(totals);
    await until(() => runner.status().models[0]?.stopped !== undefined);
    expect(runner.status().models[0]?.stopped).toMatch(/restored/);
    await runner.rebuild('totals');
    await happen('A', [2]);
    await runner.untilCaughtUp();
    await expectFolded(totals);
  });

  it('survives the end of all its sessions', async () => {
    const runner = await start(totals);
    for (let round = 0; round < 6; round += 1) {
      await happen('A', [round]);
      await store.pool
        .query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()`)
        .catch(() => undefined);
      await until(() =>
        happen(`B${round}`, [1]).then(
          () => true,
          () => false,
        ),
      );
    }
    await until(() =>
      runner.untilCaughtUp().then(
        () => true,
        () => false,
      ),
    );
    await expectFolded(totals);
  });
});

describe('two instances', () => {
  it('fold everything once: the other takes over when one stops', async () => {
    const one = await start(totals);
    const other = await start(totals);
    for (let round = 0; round < 30; round += 1) {
      await happen(`P${round % 4}`, [round]);
      if (round === 15) await one.stop();
    }
    await other.untilCaughtUp();
    await until(() => other.status().leading);
    await expectFolded(totals);
  });

  it('fold everything once when one is frozen and wakes late', async () => {
    const frozen = await startRunner({
      store,
      models: [totals],
      decode,
      log: silentLog,
      timing: { heartbeatMs: 3_600_000, idleSessionMs: 600, retryMs: 25 },
    });
    runners.push(frozen);
    await until(() => frozen.status().leading);
    const other = await start(totals);
    for (let round = 0; round < 200; round += 1) {
      await happen(`P${round % 4}`, [round]);
      await pause(5);
    }
    await until(() => other.status().leading);
    await other.untilCaughtUp();
    await expectFolded(totals);
  });

  it('may each ask for a rebuild, whoever leads', async () => {
    const one = await start(totals);
    await until(() => one.status().leading);
    const other = await start(totals);
    await happen('A', [1, 2, 3]);
    await other.rebuild('totals');
    await other.untilCaughtUp();
    await expectFolded(totals);
    await expect(other.rebuild('unknown')).rejects.toThrow('there are: totals');
  });
});

describe('a rebuild', () => {
  const next: AnyReadModel = {
    ...totals,
    version: 2,
    columns: { ...totals.columns, twice: 'bigint' },
    fold: (row, fact) => {
      const after = Object.assign({}, Reflect.apply(totals.fold, totals, [row, fact]));
      return { ...after, twice: 2 * Number(Reflect.get(after, 'amount')) };
    },
  };

  async function many(events: number): Promise<void> {
    for (let project = 0; project < 40; project += 1)
      await happen(
        `P${project}`,
        Array.from({ length: events / 40 }, (_, n) => n),
        project % 2 ? 'costs' : undefined,
      );
  }

  it('of a raised version is built beside and swapped in under live writes; the old table is kept', async () => {
    const first = await start(totals, count('sources'));
    await many(8_000);
    await first.untilCaughtUp();
    await first.stop();
    const second = await start(next, count('sources'));
    for (let round = 0; round < 100; round += 1) await happen(`P${round % 50}`, [round]);
    await second.untilCaughtUp();
    await expectFolded(next);
    await expectFolded(count('sources'));
    const kept = await store.pool.query(
      `select table_name from information_schema.tables where table_schema = 'rm_old'`,
    );
    expect(kept.rows).toEqual([{ table_name: expect.stringMatching(/^totals_v1_\d{13}$/) }]);
    expect((await checkpoints()).map((row) => [row['reader'], row['reader_version']])).toEqual([
      ['model.sources', 1],
      ['model.totals', 2],
    ]);
  });

  it('asked for by name equals one fold from scratch under live writes, several times over', async () => {
    const runner = await start(totals, count('sources'));
    await many(4_000);
    let writing = true;
    const writes = (async () => {
      for (let round = 0; writing; round += 1) await happen(`P${round % 50}`, [round, -round]);
    })();
    for (let round = 0; round < 3; round += 1) await runner.rebuild('totals');
    writing = false;
    await writes;
    await runner.untilCaughtUp();
    await expectFolded(totals);
    await expectFolded(count('sources'));
  });

  it('goes on where it was after its instance ended', async () => {
    const first = await start(totals);
    await many(20_000);
    await first.untilCaughtUp();
    const asked = first.rebuild('totals').catch((error: Error) => error.message);
    await until(async () => (await checkpoints()).some((row) => row['reader'] === 'building.totals'));
    await first.stop();
    expect(await asked).toMatch(/goes on at the next start/);
    const second = await start(totals);
    await until(async () => (await checkpoints()).every((row) => row['reader'] !== 'building.totals'));
    await second.untilCaughtUp();
    await expectFolded(totals);
  });

  it('that throws leaves the serving table as it is, and says why', async () => {
    const runner = await start(touchy());
    await happen('A', [1]);
    await runner.untilCaughtUp();
    await runner.stop();
    await happen('A', [13]);
    const second = await start({ ...touchy(), version: 2 });
    await until(() => second.status().models[0]?.stopped !== undefined);
    expect(second.status().models[0]).toMatchObject({ serving: 1, stopped: expect.stringMatching(/unlucky/) });
    expect((await readRows(store.pool, servingTable(touchy()), [{ source: 'projects' }])).size).toBe(1);
  });
});
