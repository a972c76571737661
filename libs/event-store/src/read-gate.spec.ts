import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { throwAwayDatabase } from '@tongchou/testing';
import { decode, type House, openHouse, QUICK, streamIdOf, totals, until } from './facts.fixture.ts';
import type { AnyReadModel } from './fold.ts';
import { silentLog } from './log.ts';
import { createReadGate, StaleRead } from './read-gate.ts';
import { type Runner, startRunner } from './runner.ts';
import { openStore, type Store } from './store.ts';
import { BadToken, formatToken } from './token.ts';

let house: House;
let other: Store;
let runner: Runner | undefined;
beforeEach(async () => {
  house = await openHouse(await throwAwayDatabase());
  other = await openStore({ url: house.store.url, service: 'projects' });
});
afterEach(async () => {
  await runner?.stop();
  runner = undefined;
  await other.close();
  await house.close();
});

async function start(model: AnyReadModel = totals): Promise<void> {
  runner = await startRunner({ store: house.store, models: [model], decode, log: silentLog, timing: QUICK });
}

async function tokenOf(project: string, version: number, service = 'projects'): Promise<string> {
  return formatToken([{ service, streamType: 'Project', streamId: await streamIdOf(house.store, project), version }]);
}

const amount = async (project: string): Promise<unknown> =>
  (await other.pool.query<{ amount: string }>('select amount from rm.totals where project = $1', [project])).rows[0]
    ?.amount;

describe('a read with a token', () => {
  it('sees own writes, on an instance that does not fold', async () => {
    await start();
    const gate = createReadGate(other);
    for (let version = 1; version <= 20; version += 1) {
      await house.happen('A', [1]);
      expect(await gate.wait(['totals'], await tokenOf('A', version))).toEqual({ satisfied: true, behindMs: 0 });
      expect(await amount('A')).toBe(String(version));
    }
  });

  it('sees facts of other services once they are received and folded', async () => {
    await start();
    const gate = createReadGate(other);
    await house.happen('B', [1], 'costs');
    const waiting = gate.wait(['totals'], await tokenOf('B', 2, 'costs'), { timeoutMs: 20_000 });
    await house.happen('B', [2], 'costs');
    expect(await waiting).toEqual({ satisfied: true, behindMs: 0 });
    expect(await amount('B')).toBe('3');
  });

  it('asks nothing of sources, or stream types, that are not received here', async () => {
    await start();
    const funds = await tokenOf('A', 9, 'funds');
    expect(await createReadGate(other).wait(['totals'], funds)).toEqual({ satisfied: true, behindMs: 0 });
    const picky = createReadGate(other, { receives: (source, type) => source === 'costs' && type === 'CostSheet' });
    expect(await picky.wait(['totals'], await tokenOf('A', 9, 'costs'))).toEqual({ satisfied: true, behindMs: 0 });
  });

  it('is answered STALE_READ in time, or with what there is and how old it may be', async () => {
    await start();
    await house.happen('A', [1]);
    await runner?.untilCaughtUp();
    const gate = createReadGate(other);
    const future = await tokenOf('A', 2);
    await expect(gate.wait(['totals'], future, { timeoutMs: 60 })).rejects.toMatchObject({
      code: 'STALE_READ',
      retryable: true,
      message: expect.stringMatching(/^Read model totals does not hold projects:Project:.*@2, not yet$/),
    });
    const best = await gate.wait(['totals'], future, { timeoutMs: 60, mode: 'best-effort' });
    expect(best).toEqual({ satisfied: false, behindMs: expect.any(Number) });
  });

  it('is refused at once by a model that has stopped, unless it already holds what is asked for', async () => {
    const unlucky: AnyReadModel = {
      ...totals,
      fold: (row, fact) => {
        if (fact.version === 2) throw new Error('unlucky');
        return { project: 'A', events: 1, amount: 0, words: [], lastOn: null, ...row };
      },
    };
    await start(unlucky);
    await house.happen('A', [1]);
    const gate = createReadGate(other);
    await gate.wait(['totals'], await tokenOf('A', 1), { timeoutMs: 20_000 });
    await house.happen('A', [1]);
    await until(() => runner?.status().models[0]?.stopped !== undefined);
    const failure = gate.wait(['totals'], await tokenOf('A', 2), { timeoutMs: 600_000 });
    await expect(failure).rejects.toThrow(StaleRead);
    await expect(failure).rejects.toMatchObject({ retryable: false, message: expect.stringMatching(/unlucky/) });
    expect(await gate.wait(['totals'], await tokenOf('A', 1))).toEqual({ satisfied: true, behindMs: 0 });
  });

  it('is refused by name when it speaks of another store, and when it cannot be read', async () => {
    const gate = createReadGate(other);
    const entry = { service: 'projects', streamType: 'Project', streamId: randomUUID(), version: 1 };
    const foreign = formatToken([{ ...entry, system: '1' }]);
    await expect(gate.wait(['totals'], foreign)).rejects.toThrow(/store 1 of projects, this is store \d+/);
    await expect(gate.wait(['totals'], 'nonsense')).rejects.toThrow(BadToken);
    const own = formatToken([{ ...entry, system: other.systemIdentifier }]);
    await expect(gate.wait(['totals'], own, { timeoutMs: 1 })).rejects.toThrow(StaleRead);
  });

  it('is not needed: without one nothing is waited for', async () => {
    expect(await createReadGate(other).wait(['totals'], undefined)).toEqual({ satisfied: true, behindMs: null });
  });
});

describe('freshness', () => {
  const watermark = (instant: string, partitions: number): Promise<unknown> =>
    house.store.pool.query(
      `insert into es.watermarks (source, partition, instant) select 'costs', n, $1 from generate_series(0, $2 - 1) n
       on conflict (source, partition) do update set instant = excluded.instant, xid = pg_current_xact_id()`,
      [instant, partitions],
    );

  it('is now for own facts when all are folded, and not before', async () => {
    await house.happen('A', [1]);
    const gate = createReadGate(other);
    expect(await gate.freshness()).toEqual([{ source: 'projects', closedInstant: null, lagMs: null }]);
    await start();
    await runner?.untilCaughtUp();
    await until(async () => (await gate.freshness())[0]?.lagMs === 0);
    await runner?.stop();
    await house.happen('A', [1]);
    await until(async () => (await gate.freshness())[0]?.lagMs !== 0);
    expect((await gate.freshness())[0]?.source).toBe('projects');
  });

  it('of another service is the least watermark of its twelve partitions that the tables have covered', async () => {
    await start();
    const gate = createReadGate(other);
    await watermark('2026-03-01T00:00:05Z', 12);
    await watermark('2026-03-01T00:00:09.5Z', 11);
    const costs = async () => (await gate.freshness(['totals'])).find(({ source }) => source === 'costs');
    await until(async () => (await costs())?.closedInstant === '2026-03-01T00:00:05.000000Z');
    await watermark('2026-03-01T00:00:09.5Z', 12);
    await until(async () => (await costs())?.closedInstant === '2026-03-01T00:00:09.500000Z');
    expect((await costs())?.lagMs).toBeGreaterThan(0);
  });

  it('of a source is unknown until all its partitions have told', async () => {
    await watermark('2026-03-01T00:00:05Z', 11);
    await start();
    await house.happen('A', [1]);
    await runner?.untilCaughtUp();
    expect((await createReadGate(other).freshness()).map(({ source }) => source)).toEqual(['projects']);
  });
});
