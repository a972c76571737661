import { chmod } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@tongchou/embedded-postgres';
import type pg from 'pg';
import { type ClockEvidence, judgeClocks, type Place, type StoredAt } from './check-clocks.ts';
import type { OfficeSettings, OfficeTold } from './clock-office.ts';
import { type FakeClock, fakeClockLibrary, openFakeClock } from './fake-clock.ts';
import { openWitness } from './flow-evidence.ts';
import { type FlowSettings, QUICK } from './flow-settings.ts';
import { type FlowWorker, startWorker } from './flow-worker.ts';
import { readByClock } from './naive/clock-reader.ts';
import { oneOf } from './random.ts';
import type { Trial, TrialContext } from './trial.ts';

const PLAN = { smoke: { steps: 4, stepMs: 1_500 }, full: { steps: 20, stepMs: 3_000 } };
const DAYS = [-3, 0, 3] as const;
const OFFICES = ['north', 'south'] as const;
const SAID_WITHIN_MS = 10_000;
const TAKEOVER_MS = QUICK.idleSessionMs + 10_000;
const READ_WITHIN_MS = 60_000;
const POLL_MS = 50;

interface Office {
  readonly worker: FlowWorker;
  readonly clock: FakeClock;
  told(): OfficeTold | undefined;
}

interface Stage {
  readonly context: TrialContext;
  readonly offices: readonly Office[];
  readonly database: FakeClock;
  readonly listener: FakeClock;
  readonly source: pg.Pool;
  readonly target: pg.Pool;
}

async function openPostgres(context: TrialContext, clock: FakeClock): Promise<EmbeddedPostgres> {
  const logFile = path.join(context.folder, 'postgres.log');
  const server = await startEmbeddedPostgres({
    dataDir: path.join(context.folder, 'pg'),
    logFile,
    environment: clock.environment,
  });
  context.atEnd(() => server.stop());
  return server;
}

async function flowOn(context: TrialContext, server: EmbeddedPostgres): Promise<FlowSettings> {
  for (const name of ['source', 'target', 'bus']) await server.ensureDatabase(name);
  const run = `p25-${context.seed}`;
  const named = { source: `projects-${run}`, group: `costs-${run}` };
  const urls = { sourceUrl: server.url('source'), targetUrl: server.url('target') };
  if (context.bus === 'postgres') return { ...named, ...urls, bus: { kind: 'postgres', url: server.url('bus') } };
  const { brokers, replicationFactor, minInsync } = await context.brokers();
  return { ...named, ...urls, bus: { kind: 'kafka', brokers: brokers.split(','), replicationFactor, minInsync } };
}

function openOffice(context: TrialContext, settings: OfficeSettings, clock: FakeClock): Office {
  let told: OfficeTold | undefined;
  const onMessage = (message: object): void => {
    if ('office' in message) told = message as OfficeTold;
    if ('trouble' in message) context.note(message);
  };
  const { environment } = clock;
  const plan = { name: settings.name, file: 'workers/clock-office.ts', settings, environment, onMessage };
  return { worker: startWorker(context, plan), clock, told: () => told };
}

async function openStage(context: TrialContext): Promise<Stage> {
  const library = await fakeClockLibrary();
  await chmod(context.folder, 0o755);
  const clockOf = (name: string): Promise<FakeClock> =>
    openFakeClock(library, path.join(context.folder, `${name}.clock`));
  const database = await clockOf('database');
  const server = await openPostgres(context, database);
  const flow = await flowOn(context, server);
  const offices: Office[] = [];
  for (const name of OFFICES) {
    const clock = await clockOf(name);
    offices.push(openOffice(context, { ...flow, name, seed: context.seed }, clock));
  }
  const listener = await clockOf('listener');
  const { environment } = listener;
  const consumer = startWorker(context, { name: 'listener', file: 'workers/consumer.ts', settings: flow, environment });
  await Promise.all([consumer, ...offices.map(({ worker }) => worker)].map((worker) => worker.untilReady()));
  const pools = [openWitness(flow.sourceUrl), openWitness(flow.targetUrl)] as const;
  context.atEnd(() => Promise.all(pools.map((pool) => pool.end())));
  return { context, offices, database, listener, source: pools[0], target: pools[1] };
}

async function until(holds: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  for (const end = performance.now() + withinMs; performance.now() < end; await pause(POLL_MS)) {
    if (await holds()) return true;
  }
  return false;
}

/** Sets every clock anew; at least one instance is days away from its database. Answers who must say so, and whether they did. */
async function step(stage: Stage): Promise<ClockEvidence['apart']> {
  const { context, offices, database, listener } = stage;
  for (const clock of [database, listener, ...offices.map((office) => office.clock)]) {
    await clock.set(oneOf(context.random, DAYS));
    context.count('clocks set');
  }
  const apart = offices.filter(({ clock }) => clock.days() !== database.days());
  return Promise.all(
    apart.map(async ({ worker, clock, told }) => ({
      where: `${worker.name} ${clock.days()} days, database ${database.days()}`,
      said: await until(() => told()?.clock.alarm !== undefined, SAID_WITHIN_MS),
    })),
  );
}

/** The database's clock goes back while the leader is frozen: PostgreSQL's own timer would not end its session for days. */
async function freezeLeader(stage: Stage): Promise<ClockEvidence['takeovers']> {
  const { context, offices, database } = stage;
  if (!(await until(() => offices.some(({ told }) => told()?.relays === true), READ_WITHIN_MS))) return [];
  const leader = offices.find(({ told }) => told()?.relays === true);
  const others = offices.filter((office) => office !== leader);
  await database.set(3);
  leader?.worker.signal('SIGSTOP');
  await pause(QUICK.heartbeatMs);
  await database.set(-3);
  context.count('leaders frozen while the clock went back');
  const began = performance.now();
  await until(() => others.some(({ told }) => told()?.relays === true), 2 * TAKEOVER_MS);
  const ms = Math.round(performance.now() - began);
  leader?.worker.signal('SIGCONT');
  return [{ ms, limitMs: TAKEOVER_MS }];
}

async function storedIn(pool: pg.Pool): Promise<StoredAt[]> {
  const { rows } = await pool.query<Place & { micros: string }>(
    `select stream_id as stream, version::int as version, (extract(epoch from recorded_at) * 1000000)::bigint::text as micros
       from es.events order by stream_id, es.events.version`,
  );
  return rows.map(({ stream, version, micros }) => ({ stream, version, recordedAt: BigInt(micros) }));
}

async function receivedIn(pool: pg.Pool): Promise<Place[]> {
  const { rows } = await pool.query<Place>(
    'select stream_id as stream, version::int as version from es.received order by position',
  );
  return rows;
}

const countIn = async (pool: pg.Pool, table: string): Promise<number> => {
  const { rows } = await pool.query<{ n: number }>(`select count(*)::int as n from ${table}`);
  return rows[0]?.n ?? 0;
};

const sumOf = (offices: readonly Office[], field: 'met' | 'lied' | 'late' | 'untrueFreshness' | 'failed'): number =>
  offices.reduce((sum, { told }) => sum + (told()?.[field] ?? 0), 0);

async function finish({ offices, source, target }: Stage): Promise<void> {
  for (const { worker } of offices) worker.send({ stop: true });
  await until(() => offices.every(({ told }) => told()?.done === true), READ_WITHIN_MS);
  await pause(QUICK.heartbeatMs);
  const all = await countIn(source, 'es.events');
  await until(async () => (await countIn(target, 'es.received')) >= all, READ_WITHIN_MS);
}

export const p25: Trial = {
  id: 'P25',
  says: 'wrong clocks do no harm',
  bus: true,
  slow: true,
  async run(context) {
    const plan = context.full ? PLAN.full : PLAN.smoke;
    const stage = await openStage(context);
    const naive = readByClock(stage.source);
    context.atEnd(() => naive.stop());
    const apart: ClockEvidence['apart'][number][] = [];
    for (let nth = 0; nth < plan.steps; nth += 1) {
      await pause(plan.stepMs);
      apart.push(...(await step(stage)));
    }
    const takeovers = await freezeLeader(stage);
    await finish(stage);
    await naive.stop();
    const { offices } = stage;
    const stored = await storedIn(stage.source);
    const read = await receivedIn(stage.target);
    const lies = sumOf(offices, 'lied') + sumOf(offices, 'untrueFreshness');
    const evidence: ClockEvidence = { stored, read, lies, takeovers, apart };
    context.note({ takeovers, apart });
    return {
      figures: {
        events: stored.length,
        received: read.length,
        'tokens met': sumOf(offices, 'met'),
        'answered late': sumOf(offices, 'late'),
        'alarms due': apart.length,
        'takeover, ms': Math.max(0, ...takeovers.map(({ ms }) => ms)),
      },
      violations: judgeClocks(evidence),
      control: { what: 'a reader by recorded_at', violations: judgeClocks({ ...evidence, read: naive.read }) },
    };
  },
};
