import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { startProxy, through } from '../proxy.ts';
import type { TrialContext } from '../trial.ts';
import { withDatabase } from './stores.ts';
import { openTrialCity, strike, type TrialCity } from './trial-city.ts';

const BACK_WITHIN_MS = 60_000;
const POLL_MS = 100;

/** What costs has heard of projects. */
export interface Hearing {
  /** Once all of projects' facts are received: the longest that one recorded since then was under way, in ms. */
  slowestSince(since: Date, withinMs: number): Promise<number | undefined>;
  /** Facts of projects that costs has not received after this time at most. */
  missingAfter(withinMs: number): Promise<number>;
}

/** A city whose bus can be restarted and frozen without touching its stores. */
export interface RecoveryStand {
  readonly city: TrialCity;
  /** The bus as a client of its own reaches it. */
  readonly broker: string;
  readonly hearing: Hearing;
  /** Resolves when it takes connections again. */
  restartBroker(): Promise<void>;
  /** Answers what lets it go on. */
  freezeBroker(): Promise<() => Promise<void>>;
  untilPostgresAnswers(): Promise<void>;
}

async function number(url: string, statement: string, values: readonly unknown[] = []): Promise<number | undefined> {
  return withDatabase(url, async (client: pg.Client) => {
    const { rows } = await client.query<{ value: number | null }>(statement, [...values]);
    return rows[0]?.value ?? undefined;
  });
}

const EVENTS = 'select count(*)::int as value from es.events';
const HEARD = `select count(*)::int as value from es.received where source = 'projects'`;
const SLOWEST = `select (1000 * max(extract(epoch from received_at - recorded_at)))::float as value
  from es.received where source = 'projects' and recorded_at >= $1`;

function hearingOf(city: TrialCity): Hearing {
  const [projects, costs] = [city.database('projects'), city.database('costs')];
  const missing = async (): Promise<number> => {
    const [said = 0, heard = 0] = [await number(projects, EVENTS), await number(costs, HEARD)];
    return Math.max(0, said - heard);
  };
  const missingAfter = async (withinMs: number): Promise<number> => {
    for (const end = Date.now() + withinMs; ; await pause(POLL_MS)) {
      const left = await missing().catch(() => 1);
      if (left === 0 || Date.now() > end) return left;
    }
  };
  return {
    missingAfter,
    async slowestSince(since, withinMs) {
      const said = (await number(projects, EVENTS)) ?? 0;
      for (const end = Date.now() + withinMs; Date.now() < end; await pause(POLL_MS)) {
        const heard = (await number(costs, HEARD).catch(() => undefined)) ?? 0;
        if (heard >= said) return Math.round((await number(costs, SLOWEST, [since])) ?? 0);
      }
      return undefined;
    },
  };
}

async function untilAnswers(what: string, ask: () => Promise<unknown>): Promise<void> {
  for (const end = Date.now() + BACK_WITHIN_MS; Date.now() < end; await pause(POLL_MS)) {
    const answers = await ask().then(
      (found) => found !== false,
      () => false,
    );
    if (answers) return;
  }
  throw new Error(`${what} did not come back within ${BACK_WITHIN_MS / 1_000} s`);
}

type Broker = Pick<RecoveryStand, 'city' | 'broker' | 'restartBroker' | 'freezeBroker'>;

/** The city's own node: its supervisor starts it again. */
async function onKafka(context: TrialContext): Promise<Broker> {
  const city = await openTrialCity(context, { instances: 'costs=2' });
  return {
    city,
    broker: (city.run.bus?.url ?? '').replace('kafka://', ''),
    async restartBroker() {
      const killed = await strike(context, city, 'kafka', 'SIGKILL');
      await untilAnswers('Kafka', async () => {
        const [running] = await city.running('kafka');
        return running !== undefined && running.pid !== killed?.pid;
      });
    },
    async freezeBroker() {
      const frozen = await strike(context, city, 'kafka', 'SIGSTOP');
      if (!frozen) throw new Error('Kafka does not run');
      context.atEnd(async () => process.kill(frozen.pid, 'SIGCONT'));
      return async () => void process.kill(frozen.pid, 'SIGCONT');
    },
  };
}

/** A server of its own for the bus, behind a proxy that stands still. */
async function onPostgres(context: TrialContext): Promise<Broker> {
  const server = await context.server();
  const bus = await server.database('bus');
  const proxy = await startProxy({ targetPort: Number(new URL(bus).port) });
  context.atEnd(() => proxy.close());
  const broker = through(bus, proxy);
  const city = await openTrialCity(context, { instances: 'costs=2', environment: { BUS_DATABASE_URL: broker } });
  return {
    city,
    broker,
    async restartBroker() {
      await server.restart();
      context.count('SIGQUIT server of the bus');
    },
    async freezeBroker() {
      proxy.freeze();
      context.count('the bus stands still');
      return async () => proxy.thaw();
    },
  };
}

/** Starts the city of P16 with two instances of costs, on the bus of the trial. */
export async function openRecoveryStand(context: TrialContext): Promise<RecoveryStand> {
  const broker = await (context.bus === 'kafka' ? onKafka(context) : onPostgres(context));
  const { city } = broker;
  return {
    ...broker,
    hearing: hearingOf(city),
    untilPostgresAnswers: () => untilAnswers('PostgreSQL', () => number(city.database('projects'), EVENTS)),
  };
}
