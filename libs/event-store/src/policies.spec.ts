import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Fact, Tagged } from '@tongchou/kernel';
import { throwAwayDatabase } from '@tongchou/testing';
import { Unavailable } from './errors.ts';
import { decode, type House, openHouse, QUICK, until } from './facts.fixture.ts';
import { silentLog } from './log.ts';
import { type AnyPolicy, type Dispatched, type Policies, type PoliciesOptions, startPolicies } from './policies.ts';

let house: House;
const started: Policies[] = [];
beforeEach(async () => {
  house = await openHouse(await throwAwayDatabase());
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((policies) => policies.stop()));
  await house.close();
});

const doubles: AnyPolicy = {
  name: 'doubles',
  react: ({ event }) =>
    'amount' in event && event.amount !== 0
      ? [
          { ...event, type: 'First' },
          { ...event, type: 'Second' },
        ]
      : [],
};

async function start(options: Partial<PoliciesOptions> & Pick<PoliciesOptions, 'dispatch'>): Promise<Policies> {
  const defaults = { store: house.store, policies: [doubles], decode, log: silentLog, timing: QUICK };
  const policies = await startPolicies({ ...defaults, ...options });
  started.push(policies);
  return policies;
}

/** A door that knows command ids, as the real one does. */
function door() {
  const effects = new Map<string, { command: Tagged; fact: Fact }>();
  let calls = 0;
  return {
    effects,
    calls: () => calls,
    dispatch: (command: Tagged, { commandId, fact }: Dispatched): Promise<string> => {
      calls += 1;
      if (effects.has(commandId)) return Promise.resolve('repeated');
      effects.set(commandId, { command, fact });
      return Promise.resolve('accepted');
    },
  };
}

const amounts = (effects: ReturnType<typeof door>['effects'], type: string): number[] =>
  [...effects.values()].flatMap(({ command }) =>
    command.type === type && 'amount' in command ? [Number(command.amount)] : [],
  );

const range = (count: number, from = 1): number[] => Array.from({ length: count }, (_, n) => from + n);

describe('a policy', () => {
  it('answers every fact, own and received, in the order of its stream, with an id for each command', async () => {
    await house.happen('A', range(50));
    const met = door();
    await start({ dispatch: met.dispatch });
    await house.happen('A', range(50, 51));
    await house.happen('B', range(30, 1_000), 'costs');
    await house.happen('A', [0]);
    await until(() => met.effects.size === 260);
    expect(amounts(met.effects, 'First').filter((amount) => amount < 1_000)).toEqual(range(100));
    expect(amounts(met.effects, 'Second').filter((amount) => amount >= 1_000)).toEqual(range(30, 1_000));
    expect(met.calls()).toBe(260);
  });

  it('repeats with the same ids what it may not have finished, and nothing has a second effect', async () => {
    const met = door();
    await house.happen('A', range(40));
    const first = await start({ dispatch: met.dispatch });
    await until(() => met.effects.size > 10);
    await first.stop();
    await house.store.pool.query(
      `update es.checkpoints set base = '3:3:', paging = null where reader = 'policy.doubles'`,
    );
    await start({ dispatch: met.dispatch });
    await until(() => met.effects.size === 80 && met.calls() >= 80);
    expect(amounts(met.effects, 'First').toSorted((a, b) => a - b)).toEqual(range(40));
  });

  it('waits for what passes, and skips nothing meanwhile', async () => {
    const met = door();
    let refusals = 0;
    await start({
      dispatch: async (command, dispatched) => {
        refusals += 1;
        if (refusals < 4) throw new Unavailable('the database is away');
        return met.dispatch(command, dispatched);
      },
    });
    await house.happen('A', [1, 2]);
    await until(() => met.effects.size === 4);
    expect(
      [...met.effects.values()].map(({ command }) => [command.type, 'amount' in command && command.amount]),
    ).toEqual([
      ['First', 1],
      ['Second', 1],
      ['First', 2],
      ['Second', 2],
    ]);
  });

  it('goes on behind a refusal: it is an answer', async () => {
    const seen: string[] = [];
    await start({
      dispatch: (command) => {
        seen.push(command.type);
        return Promise.resolve({ status: 'rejected', rejection: { rejected: 'No', detail: {} } });
      },
    });
    await house.happen('A', [1]);
    await until(() => seen.length === 2);
    await house.happen('A', [2]);
    await until(() => seen.length === 4);
  });

  it('that throws stops alone with its reason, and goes on after a repair without a gap', async () => {
    const met = door();
    const broken: AnyPolicy = {
      name: 'broken',
      react: ({ event }) => {
        if ('amount' in event && event.amount === 13) throw new Error('unlucky');
        return [{ ...event, type: 'Broken' }];
      },
    };
    const policies = await start({ policies: [broken, doubles], dispatch: met.dispatch });
    await house.happen('A', [1, 13, 2]);
    await until(() => policies.status().policies[0]?.stopped !== undefined);
    await until(() => amounts(met.effects, 'Second').length === 3);
    expect(policies.status()).toEqual({
      leading: true,
      policies: [
        { name: 'broken', stopped: expect.stringMatching(/^policy broken fails at Happened .*: unlucky$/) },
        { name: 'doubles' },
      ],
    });
    await policies.stop();
    const repaired: AnyPolicy = { ...broken, react: ({ event }) => [{ ...event, type: 'Broken' }] };
    const again = await start({ policies: [repaired, doubles], dispatch: met.dispatch });
    await until(() => amounts(met.effects, 'Broken').length === 3);
    await until(() => again.status().policies[0]?.stopped === undefined);
  });

  it('has each effect once with two instances, one of which stops', async () => {
    const met = door();
    const one = await start({ dispatch: met.dispatch });
    await start({ dispatch: met.dispatch });
    for (let round = 1; round <= 20; round += 1) {
      await house.happen('A', [round]);
      if (round === 10) await one.stop();
    }
    await until(() => met.effects.size === 40);
    expect(amounts(met.effects, 'First')).toEqual(range(20));
  });

  it('reads a restored database from the first fact', async () => {
    const met = door();
    await house.happen('A', [1]);
    const first = await start({ dispatch: met.dispatch });
    await until(() => met.effects.size === 2);
    await first.stop();
    await house.store.pool.query(`update es.checkpoints set system_identifier = 'another/00000001'`);
    await start({ dispatch: met.dispatch });
    await house.happen('A', [2]);
    await until(() => met.effects.size === 4);
    expect(met.calls()).toBeGreaterThanOrEqual(6);
  });
});

it('no policies need no leader', async () => {
  const none = await start({ policies: [], dispatch: () => Promise.resolve() });
  expect(none.status()).toEqual({ leading: false, policies: [] });
});
