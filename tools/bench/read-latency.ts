import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { contractsOf, decodePublic, topicOf } from '@tongchou/contracts';
import {
  createAppender,
  createReadGate,
  type Decode,
  fingerprintOf,
  formatToken,
  newEventId,
  openStore,
  type ReadGate,
  type Runner,
  silentLog,
  startRunner,
  type Store,
} from '@tongchou/event-store';
import type { Fact, ReadModel } from '@tongchou/kernel';
import { createReceiver, openPostgresBus, startRelay } from '@tongchou/messaging';
import { type BenchRow, type BenchTable, median, quantile, spreadOf } from './table.ts';

export interface BenchReadLatencyOptions {
  /** 300 when not given. */
  readonly eventsPerSecond?: number;
  /** 10 when not given. */
  readonly seconds?: number;
  /** Runs of which the medians count; 3 when not given. */
  readonly runs?: number;
}

const TYPE = 'BudgetBaselineReported';
const OWN_BAR_MS = { p50: 15, p99: 60 };
const FOREIGN_P50_BAR_MS = 40;
const WARM_UP = 100;

const sheets: ReadModel<{ readonly sheet: string; readonly facts: number }, Fact, 'sheet'> = {
  name: 'bench_sheets',
  version: 1,
  columns: { sheet: 'uuid', facts: 'integer' },
  primaryKey: ['sheet'],
  key: ({ streamId }) => ({ sheet: streamId }),
  fold: (row, { streamId }) => ({ sheet: streamId, facts: (row?.facts ?? 0) + 1 }),
};

const data = contractsOf('costs')[TYPE]?.example ?? {};
const decodeOwn = (type: string, _version: number, stored: object) => ({ ...stored, type });
const decode: Decode = (source, type, version, stored) => decodePublic(source, type, version, stored);

async function append(store: Store, appender: ReturnType<typeof createAppender>): Promise<string> {
  const [streamId, commandId] = [newEventId(), randomUUID()];
  const metadata = { correlationId: commandId, causationId: commandId, commandId, actor: { subject: 'demo' } };
  const event = { eventId: newEventId(), type: TYPE, schemaVersion: 1 };
  const answer = await appender.append({
    streamId,
    streamType: 'CostSheet',
    expectedVersion: 0,
    commands: [
      {
        scope: 'demo',
        commandId,
        fingerprint: fingerprintOf(data),
        kept: true,
        events: [{ ...event, data: JSON.stringify(data), metadata: JSON.stringify(metadata) }],
      },
    ],
  });
  if (!answer.appended) throw new Error('The engine did not append');
  return formatToken([{ service: store.service, streamType: 'CostSheet', streamId, version: 1 }]);
}

interface City {
  readonly costs: Store;
  readonly own: ReadGate;
  readonly foreign: ReadGate;
  close(): Promise<void>;
}

/** Two services and the bus between them, in one process. */
async function openCity(freshDatabase: (name: string) => Promise<string>): Promise<City> {
  const costs = await openStore({ url: await freshDatabase('bench_costs'), service: 'costs' });
  const projects = await openStore({ url: await freshDatabase('bench_projects'), service: 'projects' });
  const bus = await openPostgresBus({ url: await freshDatabase('bench_bus'), log: silentLog });
  await bus.openTopic(topicOf('costs'));
  const receiver = createReceiver({ store: projects, listensTo: ['costs'], log: silentLog });
  const subscription = await bus.subscribe({
    group: 'projects',
    topics: [topicOf('costs')],
    from: 'earliest',
    onBatch: receiver.receive,
    startAt: receiver.startAt,
  });
  const start = (store: Store): Promise<Runner> => startRunner({ store, models: [sheets], decode, log: silentLog });
  const runners = [await start(costs), await start(projects)];
  const publish = ({ event: { type } }: Fact) => ({ type, schemaVersion: 1, data });
  const relay = startRelay({ store: costs, bus, log: silentLog, decode: decodeOwn, publish });
  return {
    costs,
    own: createReadGate(costs),
    foreign: createReadGate(projects, { receives: () => true }),
    async close() {
      await relay.stop();
      await subscription.close();
      await Promise.all(runners.map((runner) => runner.stop()));
      await bus.close();
      await Promise.all([costs.close(), projects.close()]);
    },
  };
}

interface Latencies {
  readonly ownMs: number[];
  readonly foreignMs: number[];
}

/** One append, and how long after its answer each read model holds it. */
async function follow(city: City, appender: ReturnType<typeof createAppender>, into: Latencies | undefined) {
  const token = await append(city.costs, appender);
  const answered = performance.now();
  const until = async (gate: ReadGate, list: number[] | undefined): Promise<void> => {
    await gate.wait([sheets.name], token, { timeoutMs: 30_000 });
    list?.push(performance.now() - answered);
  };
  await Promise.all([until(city.own, into?.ownMs), until(city.foreign, into?.foreignMs)]);
}

function figure(name: string, runs: readonly number[], barMs?: number): BenchRow {
  const value = median(runs);
  const row = { figure: name, value: Number(value.toFixed(1)), unit: 'ms', spread: spreadOf(runs, 1) };
  return barMs === undefined ? row : { ...row, bar: `<= ${barMs}`, met: value <= barMs };
}

/** Appends at a steady rate that does not wait for answers. */
async function oneRun(
  city: City,
  appender: ReturnType<typeof createAppender>,
  eventsPerSecond: number,
  seconds: number,
): Promise<Latencies> {
  const latencies: Latencies = { ownMs: [], foreignMs: [] };
  const began = performance.now();
  const under: Promise<void>[] = [];
  for (let sent = 0; sent < eventsPerSecond * seconds; sent += 1) {
    const dueMs = began + (sent * 1_000) / eventsPerSecond - performance.now();
    if (dueMs > 1) await pause(dueMs);
    under.push(follow(city, appender, latencies));
  }
  await Promise.all(under);
  return latencies;
}

/**
 * From the answer to an append until a read with its token is answered, in the own and in another service's read model, at
 * a steady rate that does not wait for answers.
 *
 * @param freshDatabase makes an empty database on the server under test and answers its address.
 */
export async function benchReadLatency(
  freshDatabase: (name: string) => Promise<string>,
  { eventsPerSecond = 300, seconds = 10, runs = 3 }: BenchReadLatencyOptions = {},
): Promise<BenchTable> {
  const city = await openCity(freshDatabase);
  const appender = createAppender(city.costs);
  const measured: Latencies[] = [];
  try {
    for (let warm = 0; warm < WARM_UP; warm += 1) await follow(city, appender, undefined);
    for (let run = 0; run < runs; run += 1) measured.push(await oneRun(city, appender, eventsPerSecond, seconds));
  } finally {
    await city.close();
  }
  const own = (share: number): number[] => measured.map(({ ownMs }) => quantile(ownMs, share));
  const foreign = (share: number): number[] => measured.map(({ foreignMs }) => quantile(foreignMs, share));
  return {
    name: 'read latency',
    rows: [
      figure('own read model, p50', own(0.5), OWN_BAR_MS.p50),
      figure('own read model, p99', own(0.99), OWN_BAR_MS.p99),
      figure('other service over the PostgreSQL bus, p50', foreign(0.5), FOREIGN_P50_BAR_MS),
      figure('other service over the PostgreSQL bus, p99', foreign(0.99)),
    ],
    notes: [
      `Medians of ${runs} runs of ${eventsPerSecond} appends a second for ${seconds} s, each followed by a read with its token in both services; from the append's answer to the read's. Both services, the bus and the load share one process and one PostgreSQL.`,
    ],
  };
}
