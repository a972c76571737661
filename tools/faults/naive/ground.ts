import { toMessage, topicOf } from '@tongchou/contracts';
import { type Appender, createAppender, newEventId, openStore, silentLog, type Store } from '@tongchou/event-store';
import type { FactMetadata } from '@tongchou/kernel';
import type { Bus, OutgoingMessage, PartitionBatch } from '@tongchou/messaging';
import type pg from 'pg';
import { setTimeout as pause } from 'node:timers/promises';
import { openWitness } from '../flow-evidence.ts';
import { metadataOf, translation, uuidFor } from '../flow-facts.ts';
import { type Foreign, openForeign } from '../flow-foreign.ts';
import { flowSettings, type FlowSettings, openFlowBus } from '../flow-settings.ts';
import { append } from '../flow-writers.ts';
import type { TrialContext } from '../trial.ts';

/** Where a naive variant is tried: real store, real bus, and a situation that is built step by step. */
export interface Ground {
  readonly settings: FlowSettings;
  readonly topic: string;
  readonly store: Store;
  readonly appender: Appender;
  readonly bus: Bus;
  readonly foreign: Foreign;
  readonly source: pg.Pool;
  readonly target: pg.Pool;
  /** Commits events to a stream of this name. */
  happen(name: string, after: number, many: number): Promise<void>;
}

export const plainEvents = (many: number) =>
  Array.from({ length: many }, (_, nth) => ({
    eventId: newEventId(),
    type: 'Measured',
    schemaVersion: 1,
    data: JSON.stringify({ amount: nth + 1 }),
    metadata: JSON.stringify(metadataOf('naive')),
  }));

export async function openGround(context: TrialContext, trial: string, name: string): Promise<Ground> {
  const settings = await flowSettings(context, trial, name);
  const store = await openStore({ url: settings.sourceUrl, service: settings.source, poolSize: 3 });
  context.atEnd(() => store.close());
  const [source, target] = [openWitness(settings.sourceUrl), openWitness(settings.targetUrl)];
  context.atEnd(() => Promise.all([source.end(), target.end()]));
  const bus = await openFlowBus(settings.bus, settings.source, store.pool, silentLog);
  context.atEnd(() => bus.close());
  const foreign = openForeign(settings.bus);
  context.atEnd(() => foreign.close());
  const topic = topicOf(settings.source);
  await bus.openTopic(topic);
  const appender = createAppender(store);
  return {
    settings,
    topic,
    store,
    appender,
    bus,
    foreign,
    source,
    target,
    async happen(stream, after, many) {
      if (!(await append(appender, uuidFor(stream), after, plainEvents(many))))
        throw new Error(`${stream} did not happen`);
    },
  };
}

interface EventRow {
  readonly position: string;
  readonly streamId: string;
  readonly streamType: string;
  readonly version: string;
  readonly eventId: string;
  readonly recordedAt: string;
  readonly type: string;
  readonly data: object;
  readonly metadata: FactMetadata;
}

/** What a relay reads that remembers the last position. */
export async function newsBehind(
  { source, settings }: Ground,
  position: string,
): Promise<{ messages: OutgoingMessage[]; position: string }> {
  const { rows } = await source.query<EventRow>(
    `select position, stream_id as "streamId", stream_type as "streamType", version, event_id as "eventId",
            to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "recordedAt",
            event_type as type, data, metadata
       from es.events where position > $1 order by position`,
    [position],
  );
  const messages = rows.map(({ position: _, type, data, version, ...place }) => {
    const event = { type, ...data };
    const fact = { ...place, version: Number(version), source: settings.source, event };
    return toMessage(fact, translation.publish(fact));
  });
  return { messages, position: rows.at(-1)?.position ?? position };
}

/** Listens by the real bus with whatever handler. */
export async function listenNaively(
  context: TrialContext,
  { bus, topic, settings }: Ground,
  onBatch: (batch: PartitionBatch) => Promise<void>,
): Promise<void> {
  const subscription = await bus.subscribe({ group: settings.group, topics: [topic], from: 'earliest', onBatch });
  context.atEnd(() => subscription.close());
}

const WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 50;

/** Polls, at most a minute. False: it did not come to pass. */
export async function eventually(look: () => Promise<boolean>): Promise<boolean> {
  for (const end = performance.now() + WITHIN_MS; performance.now() < end; await pause(LOOK_EVERY_MS)) {
    if (await look()) return true;
  }
  return false;
}
