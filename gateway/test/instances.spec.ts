import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { type RunningCity, startCity } from './running-city.ts';

const LONG_MS = 240_000;
const REPEAT_MS = 100;
const SERVICES = ['projects', 'costs'] as const;
type Service = (typeof SERVICES)[number];

interface Instance {
  readonly service: Service;
  readonly url: string;
  readonly pid: number;
}

interface Status {
  readonly relay: { readonly leading: boolean };
  readonly runner: { readonly leading: boolean };
  readonly receiver: { readonly assigned: readonly { readonly partition: number }[] };
}

let city: RunningCity;

async function until<Found>(what: string, look: () => Promise<Found | undefined | false>): Promise<Found> {
  for (const end = Date.now() + 60_000; Date.now() < end; await pause(REPEAT_MS)) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
  }
  throw new Error(`Did not happen within a minute: ${what}`);
}

const instances = async (service: Service): Promise<readonly Instance[]> =>
  (await city.instances(service)).map((one) => ({ ...one, service }));

async function statusOf({ service, url }: Instance): Promise<Status | undefined> {
  const headers = await city.signed(service, 'auditor');
  return fetch(`${url}/v1/operations/status`, { headers, signal: AbortSignal.timeout(5_000) }).then(
    async (reply) => (await reply.json()) as Status,
    () => undefined,
  );
}

/** The instance that publishes, and the other one. */
async function leaderOf(service: Service): Promise<{ leader: Instance; other: Instance }> {
  return until(`an instance of ${service} leads`, async () => {
    const [first, second] = await instances(service);
    if (!first || !second) return undefined;
    if ((await statusOf(first))?.relay.leading) return { leader: first, other: second };
    return (await statusOf(second))?.relay.leading ? { leader: second, other: first } : undefined;
  });
}

const leadsAlone = (one: Instance): Promise<true> =>
  until('the other one leads relay and runner', async () => {
    const status = await statusOf(one);
    return status?.relay.leading && status.runner.leading ? true : undefined;
  });

interface Registered {
  readonly registerProject: {
    readonly project: { readonly id: string } | null;
    readonly errors: readonly { readonly code: string }[];
  };
}

const REGISTER = `mutation ($input: RegisterProjectInput!) { registerProject(input: $input) { project { id } errors { code } } }`;
const input = (reference: string) => ({
  idempotencyKey: `register-${reference}`,
  register: 'office',
  reference,
  name: `Work ${reference}`,
  registeredOn: '2018-08-01',
});

/** As any client should: the same key again until there is an answer. */
async function register(reference: string): Promise<void> {
  const answer = await until(`work ${reference} is registered`, async () => {
    const { data, errors } = await city.ask(REGISTER, { input: input(reference) });
    return errors ? undefined : (data as unknown as Registered).registerProject;
  });
  // Accepted, and told that the read model does not show it yet: who folds is frozen.
  expect(answer.errors.filter(({ code }) => code !== 'STALE_READ')).toEqual([]);
}

const QUERY = '{ works(first: 1) { totalCount } }';

/** Commands and queries through the gateway, one after the other, while something is done to the city. */
async function whileWorking(prefix: string, deed: () => Promise<unknown>): Promise<string[]> {
  const done: string[] = [];
  let under = true;
  const working = (async () => {
    while (under || done.length === 0) {
      const reference = `${prefix}-${done.length}`;
      await register(reference);
      await until('a query is answered', async () => (await city.ask(QUERY)).errors === undefined);
      done.push(reference);
    }
  })();
  await deed().finally(() => (under = false));
  await working;
  return done;
}

beforeAll(async () => {
  const options = ['--no-demo', '--port-base', '43400', '--instances', 'projects=2,costs=2'];
  city = await startCity(options, { CURRENCY: 'USD', REFERENCE_DATE: '2018-08-31' });
}, LONG_MS);
afterAll(() => city.close(), LONG_MS);

describe('two instances of each service', () => {
  const registered: string[] = [];

  it('share the partitions of what they listen to', async () => {
    for (const service of SERVICES) {
      const shares = await until(`the instances of ${service} have shared`, async () => {
        const statuses = await Promise.all((await instances(service)).map(statusOf));
        const held = statuses.map((status) => status?.receiver.assigned.map(({ partition }) => partition) ?? []);
        return held.every(({ length }) => length === 6) && held;
      });
      expect(shares.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, partition) => partition));
    }
  });

  it('honour the tokens of each other', async () => {
    const [first, second] = await city.instances('projects');
    for (const [at, [told, asked]] of [
      [first, second],
      [second, first],
    ].entries()) {
      const line = JSON.stringify({ command: 'RegisterProject', ...split(input(`token-${at}`)) });
      const verdict = (await (
        await fetch(`${told?.url}/v1/commands`, {
          method: 'POST',
          headers: { 'content-type': 'application/x-ndjson', ...(await city.signed('projects', 'integrator')) },
          body: `${line}\n`,
        })
      ).json()) as { status: string; consistencyToken: string };
      expect(verdict).toMatchObject({ status: 'accepted' });
      registered.push(`token-${at}`);
      const answer = await fetch(`${asked?.url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-consistency-at-least': verdict.consistencyToken,
          ...(await city.signed('projects', 'integrator')),
        },
        body: JSON.stringify({ query: '{ works(first: 10) { nodes { project { reference } } } }' }),
      });
      expect(JSON.stringify(await answer.json())).toContain(`"token-${at}"`);
    }
  });

  it(
    'take over when the leading ones are killed, and the killed ones are started again',
    async () => {
      const leaders = await Promise.all(SERVICES.map(leaderOf));
      const done = await whileWorking('kill', async () => {
        for (const { leader } of leaders) process.kill(leader.pid, 'SIGKILL');
        await Promise.all(leaders.map(({ other }) => leadsAlone(other)));
      });
      registered.push(...done);
      await until('all run again', async () => {
        const now = (await Promise.all(SERVICES.map(instances))).flat();
        const isNew = leaders.every(({ leader }) => now.every(({ pid }) => pid !== leader.pid));
        return isNew && (await Promise.all(now.map(statusOf))).every(Boolean);
      });
    },
    LONG_MS,
  );

  it(
    'take over when the leading ones freeze, and those do not lead when they thaw',
    async () => {
      const leaders = await Promise.all(SERVICES.map(leaderOf));
      const thaw = (): void => leaders.forEach(({ leader }) => process.kill(leader.pid, 'SIGCONT'));
      const done = await whileWorking('freeze', async () => {
        for (const { leader } of leaders) process.kill(leader.pid, 'SIGSTOP');
        await Promise.all(leaders.map(({ other }) => leadsAlone(other))).finally(thaw);
        await until('the thawed ones follow', async () => {
          const statuses = await Promise.all(leaders.map(({ leader }) => statusOf(leader)));
          return statuses.every((status) => status && !status.relay.leading && !status.runner.leading);
        });
      });
      registered.push(...done);
    },
    LONG_MS,
  );

  it('have lost and doubled nothing', async () => {
    const events = JSON.parse(JSON.stringify(await city.events('projects'))) as {
      event_type: string;
      data: { reference: string };
    }[];
    const references = events.filter(({ event_type: type }) => type === 'ProjectRegistered');
    expect(references.map(({ data }) => data.reference).toSorted()).toEqual(registered.toSorted());
    const sheets = await until('costs has a sheet for every work', async () => {
      const opened = JSON.stringify(await city.events('costs')).split('"CostSheetOpened"').length - 1;
      return opened >= registered.length && opened;
    });
    expect(sheets).toBe(registered.length);
    await until(
      'every work is in the read model',
      async () => JSON.stringify((await city.ask(QUERY)).data) === JSON.stringify({ works: { totalCount: sheets } }),
    );
  });

  it(
    'are stopped and started together, and seen by status and doctor',
    async () => {
      expect((await city.command(['stop', 'costs'])).code).toBe(0);
      expect((await city.command(['status'])).out).not.toContain('costs-2');
      expect((await city.command(['start', '--only', 'costs'])).code).toBe(0);
      expect(await city.instances('costs')).toHaveLength(2);
      const doctor = await until('the doctor finds all well', async () => {
        const { code, out } = await city.command(['doctor']);
        return code === 0 && out;
      });
      expect(doctor).toContain('costs-2');
      expect((await city.command(['rebuild', 'projects', 'works'])).code).toBe(0);
    },
    LONG_MS,
  );
});

/** The bulk door takes the key beside the input. */
function split({ idempotencyKey, ...rest }: ReturnType<typeof input>): object {
  return { idempotencyKey, input: rest };
}
