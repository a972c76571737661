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
import { type Bus, createReceiver, startRelay } from '@tongchou/messaging';

/** Milliseconds from the answers to appends until a read with their tokens was answered. */
export interface Latencies {
  readonly ownMs: number[];
  readonly foreignMs: number[];
}

/** Two services and the bus between them, in one process. */
export interface TwoServices {
  /** One append; afterwards both read models hold it. */
  follow(into?: Latencies): Promise<void>;
  close(): Promise<void>;
}

export interface TwoServicesPlan {
  freshDatabase(name: string): Promise<string>;
  /** Databases of this name and `_costs`, `_projects`. */
  readonly name: string;
  openBus(store: Store): Bus | Promise<Bus>;
}

const TYPE = 'BudgetBaselineReported';
const WARM_UP = 100;
const WAIT_MS = 30_000;

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

/** Costs publishes, projects listens; warmed up. */
export async function openTwoServices({ freshDatabase, name, openBus }: TwoServicesPlan): Promise<TwoServices> {
  const costs = await openStore({ url: await freshDatabase(`${name}_costs`), service: 'costs' });
  const projects = await openStore({ url: await freshDatabase(`${name}_projects`), service: 'projects' });
  const [publishing, listening] = [await openBus(costs), await openBus(projects)];
  await publishing.openTopic(topicOf('costs'));
  const receiver = createReceiver({ store: projects, listensTo: ['costs'], log: silentLog });
  const subscription = await listening.subscribe({
    group: 'projects',
    topics: [topicOf('costs')],
    from: 'earliest',
    onBatch: receiver.receive,
    startAt: receiver.startAt,
  });
  const start = (store: Store): Promise<Runner> => startRunner({ store, models: [sheets], decode, log: silentLog });
  const runners = [await start(costs), await start(projects)];
  const publish = ({ event: { type } }: Fact) => ({ type, schemaVersion: 1, data });
  const relay = startRelay({ store: costs, bus: publishing, log: silentLog, decode: decodeOwn, publish });
  const [own, foreign] = [createReadGate(costs), createReadGate(projects, { receives: () => true })];
  const appender = createAppender(costs);
  const services: TwoServices = {
    async follow(into) {
      const token = await append(costs, appender);
      const answered = performance.now();
      const until = async (gate: ReadGate, list: number[] | undefined): Promise<void> => {
        await gate.wait([sheets.name], token, { timeoutMs: WAIT_MS });
        list?.push(performance.now() - answered);
      };
      await Promise.all([until(own, into?.ownMs), until(foreign, into?.foreignMs)]);
    },
    async close() {
      await relay.stop();
      await subscription.close();
      await Promise.all(runners.map((runner) => runner.stop()));
      await Promise.all([...new Set([publishing, listening])].map((bus) => bus.close()));
      await Promise.all([costs.close(), projects.close()]);
    },
  };
  try {
    for (let warm = 0; warm < WARM_UP; warm += 1) await services.follow();
    return services;
  } catch (error) {
    await services.close();
    throw error;
  }
}

/** Appends at a steady rate that does not wait for answers. */
export async function followSteadily(
  services: TwoServices,
  { eventsPerSecond, seconds }: { readonly eventsPerSecond: number; readonly seconds: number },
): Promise<Latencies> {
  const latencies: Latencies = { ownMs: [], foreignMs: [] };
  const began = performance.now();
  const under: Promise<void>[] = [];
  for (let sent = 0; sent < eventsPerSecond * seconds; sent += 1) {
    const dueMs = began + (sent * 1_000) / eventsPerSecond - performance.now();
    if (dueMs > 1) await pause(dueMs);
    under.push(services.follow(latencies));
  }
  await Promise.all(under);
  return latencies;
}
