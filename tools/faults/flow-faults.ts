import { setTimeout as pause } from 'node:timers/promises';
import { topicOf } from '@tongchou/contracts';
import pg from 'pg';
import type { Fault } from './flow-chaos.ts';
import type { Foreign } from './flow-foreign.ts';
import { type FlowSettings, SESSION_MS } from './flow-settings.ts';
import type { FlowWorker } from './flow-worker.ts';
import { between, oneOf } from './random.ts';
import type { TrialContext } from './trial.ts';

/** What there is to break in a flow. */
export interface Breakable {
  readonly context: TrialContext;
  readonly settings: FlowSettings;
  readonly relays: readonly FlowWorker[];
  /** Of those that stay; one more comes and goes. */
  readonly consumers: readonly FlowWorker[];
  readonly anotherConsumer: () => FlowWorker;
  readonly foreign: Foreign;
}

/** Longer than a session, so that another one has taken over when it wakes. */
const PAST_SESSION_MS = 1_500;
const SHORT_OF_SESSION_MS = 700;
const BROKER_FROZEN_MS = 3_000;
const BACKENDS_AT_ONCE = 4;
const STAYS_MS = 1_500;
const REBALANCE_EVERY_MS = 5_000;

/** One that is neither down nor frozen already. */
function oneOfWhole(random: () => number, workers: readonly FlowWorker[]): FlowWorker {
  const whole = workers.filter((worker) => worker.whole());
  return oneOf(random, whole.length > 0 ? whole : workers);
}

const killing = ({ context }: Breakable, what: string, workers: readonly FlowWorker[]): Fault => ({
  name: `${what} killed`,
  strike: () => oneOfWhole(context.random, workers).kill(),
});

const freezing = ({ context, settings }: Breakable, what: string, workers: readonly FlowWorker[]): Fault => ({
  name: `${what} frozen past its session`,
  strike: () => oneOfWhole(context.random, workers).freeze(SESSION_MS[settings.bus.kind] + PAST_SESSION_MS),
});

/** A member joins, and leaves again after a while: the group shares out its partitions twice. */
const rebalancing = ({ anotherConsumer }: Breakable): Fault => ({
  name: 'members joined and left',
  everyMs: REBALANCE_EVERY_MS,
  async strike() {
    const worker = anotherConsumer();
    await worker.untilReady();
    await pause(STAYS_MS);
    await worker.stop();
    return true;
  },
});

const databaseOf = (url: string): string => new URL(url).pathname.slice(1);

const backendsKilled = ({ context, settings }: Breakable): Fault => ({
  name: 'times that backends were ended',
  async strike() {
    const client = new pg.Client({ connectionString: settings.targetUrl, connectionTimeoutMillis: 3_000 });
    client.on('error', () => undefined);
    await client.connect();
    try {
      const databases = [settings.sourceUrl, settings.targetUrl, 'url' in settings.bus ? settings.bus.url : ''];
      const { rowCount } = await client.query(
        `select pg_terminate_backend(pid) from (
           select pid from pg_stat_activity where datname = any($1) and pid <> pg_backend_pid()
            order by hashint8extended(pid, $2) limit ${BACKENDS_AT_ONCE}) as picked`,
        [databases.filter(Boolean).map(databaseOf), between(context.random, 0, 1_000_000)],
      );
      return (rowCount ?? 0) > 0;
    } finally {
      await client.end().catch(() => undefined);
    }
  },
});

const postgresRestarted = ({ context }: Breakable): Fault => ({
  name: 'PostgreSQL killed and restarted',
  async strike() {
    const server = await context.server();
    await server.restart();
    return true;
  },
});

const brokerKilled = ({ context }: Breakable): Fault => ({
  name: 'broker killed and restarted',
  async strike() {
    const cluster = await context.brokers();
    const id = between(context.random, 1, cluster.nodes + 1);
    cluster.signal(id, 'SIGKILL');
    await pause(between(context.random, 200, 1_000));
    await cluster.restart(id);
    return true;
  },
});

const brokerFrozen = ({ context }: Breakable): Fault => ({
  name: 'broker frozen',
  async strike() {
    const cluster = await context.brokers();
    const id = between(context.random, 1, cluster.nodes + 1);
    cluster.signal(id, 'SIGSTOP');
    await pause(BROKER_FROZEN_MS);
    cluster.signal(id, 'SIGCONT');
    return true;
  },
});

/** The broker's faults take turns: a node that is frozen cannot be killed and restarted in order. */
function oneAtATime(faults: readonly Fault[]): Fault[] {
  let last: Promise<unknown> = Promise.resolve();
  return faults.map(({ name, strike }) => ({
    name,
    strike() {
      const struck = last.then(strike);
      last = struck.catch(() => undefined);
      return struck;
    },
  }));
}

/** One member sleeps meanwhile, shorter than its session: it wakes in a topic that has grown past its place. */
const topicRecreated = ({ context, settings, foreign, consumers }: Breakable): Fault => ({
  name: 'topic recreated',
  async strike() {
    const asleep = oneOfWhole(context.random, consumers).freeze(SESSION_MS[settings.bus.kind] - SHORT_OF_SESSION_MS);
    await foreign.recreate(topicOf(settings.source));
    await asleep;
    return true;
  },
});

/** Everything that a flow survives: processes, databases, and the bus itself. */
export function allFaults(flow: Breakable): Fault[] {
  const { relays, consumers, settings } = flow;
  const broker = settings.bus.kind === 'kafka' ? oneAtATime([brokerKilled(flow), brokerFrozen(flow)]) : [];
  return [
    killing(flow, 'relays', relays),
    killing(flow, 'consumers', consumers),
    backendsKilled(flow),
    postgresRestarted(flow),
    topicRecreated(flow),
    ...broker,
  ];
}

/** What makes an effect happen twice where nothing prevents it: those who come back late. */
export function lateComers(flow: Breakable): Fault[] {
  const { relays, consumers } = flow;
  return [
    freezing(flow, 'consumers', consumers),
    killing(flow, 'consumers', consumers),
    rebalancing(flow),
    freezing(flow, 'relays', relays),
    killing(flow, 'relays', relays),
    backendsKilled(flow),
  ];
}
