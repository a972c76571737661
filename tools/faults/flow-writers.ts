import { setTimeout as pause } from 'node:timers/promises';
import { createAppender, newEventId } from '@tongchou/event-store';
import type { Appender, EventToAppend, Store } from '@tongchou/event-store';
import { type FlowEvent, metadataOf, STREAM_TYPE, uuidFor } from './flow-facts.ts';
import { openSlowWriter, type SlowWriter } from './flow-slow-writer.ts';
import { between, oneOf } from './random.ts';

export interface WritingPlan {
  readonly random: () => number;
  readonly events: number;
  readonly perSecond: number;
  readonly streams: number;
  /** Told once for each: what transactions did. */
  readonly count: (what: string) => void;
}

export interface Writing {
  /** Committed, as far as was acknowledged. */
  written(): number;
  readonly done: Promise<void>;
}

const LANES = 8;
const SLOW_LANES = 3;
const MOST_AT_ONCE = 6;
const BIG = { one: 400, bytes: 120_000 };
const AGAIN_AFTER_MS = 100;

function eventOf(random: () => number): FlowEvent {
  const amount = between(random, 1, 1_000);
  if (random() < 0.1) return { type: 'Kept', amount };
  if (between(random, 0, BIG.one) === 0) return { type: 'Measured', amount, note: 'x'.repeat(BIG.bytes) };
  return { type: 'Measured', amount, note: `note ${amount}` };
}

export function eventsToAppend(random: () => number, many: number): EventToAppend[] {
  const commandId = newEventId();
  return Array.from({ length: many }, () => {
    const { type, ...data } = eventOf(random);
    const metadata = JSON.stringify(metadataOf(commandId));
    return { eventId: newEventId(), type, schemaVersion: 1, data: JSON.stringify(data), metadata };
  });
}

export async function versionOf(store: Store, streamId: string): Promise<number> {
  const { rows } = await store.pool.query<{ version: string }>('select version from es.streams where stream_id = $1', [
    streamId,
  ]);
  return Number(rows[0]?.version ?? 0);
}

/** Asks until the database answers again. */
export async function untilAnswered<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      return await ask();
    } catch {
      await pause(AGAIN_AFTER_MS);
    }
  }
}

/** Events of one stream as one command, through the real appender. False = not stored, or nobody knows. */
export async function append(
  appender: Appender,
  streamId: string,
  expectedVersion: number,
  events: readonly EventToAppend[],
): Promise<boolean> {
  const command = { scope: 'flow', commandId: newEventId(), fingerprint: Buffer.alloc(32), kept: true, events };
  const stream = { streamId, streamType: STREAM_TYPE, expectedVersion, commands: [command] };
  return appender.append(stream).then(
    ({ appended }) => appended,
    () => false,
  );
}

interface Lane {
  readonly streams: readonly string[];
  readonly versions: Map<string, number>;
}

/** Streams of one writer alone: nobody else moves their versions. */
function laneOf(name: string, streams: number): Lane {
  const ids = Array.from({ length: streams }, (_, nth) => uuidFor(`${name} ${nth}`));
  return { streams: ids, versions: new Map() };
}

async function versionIn(store: Store, lane: Lane, streamId: string): Promise<number> {
  const version = lane.versions.get(streamId) ?? (await untilAnswered(() => versionOf(store, streamId)));
  lane.versions.set(streamId, version);
  return version;
}

/** Writes until the planned number is committed, at a steady pace: short appends, and among them transactions that hold their xid. */
export function startWriting(store: Store, plan: WritingPlan): Writing {
  const { random, events, perSecond, count } = plan;
  const appender = createAppender(store);
  const began = performance.now();
  let written = 0;
  const inPace = async (): Promise<boolean> => {
    const aheadMs = (written / perSecond) * 1_000 - (performance.now() - began);
    if (aheadMs > 0) await pause(aheadMs);
    return written < events;
  };

  async function quickly(lane: Lane, streamId: string): Promise<void> {
    const batch = eventsToAppend(random, between(random, 1, MOST_AT_ONCE + 1));
    const version = await versionIn(store, lane, streamId);
    if (await append(appender, streamId, version, batch)) {
      written += batch.length;
      lane.versions.set(streamId, version + batch.length);
      return;
    }
    count('appends without an answer');
    await pause(AGAIN_AFTER_MS);
    const known = await untilAnswered(() => versionOf(store, streamId));
    written += known - version;
    lane.versions.set(streamId, known);
  }

  async function quickLane(lane: Lane): Promise<void> {
    while (await inPace()) await quickly(lane, oneOf(random, lane.streams));
  }

  /** Alternates: a slow transaction, then a short append to the same stream. */
  async function slowLane(lane: Lane, writer: SlowWriter): Promise<void> {
    while (await inPace()) {
      const streamId = oneOf(random, lane.streams);
      const before = await versionIn(store, lane, streamId);
      count(await writer.write(streamId));
      const known = await untilAnswered(() => versionOf(store, streamId));
      written += known - before;
      lane.versions.set(streamId, known);
      await quickly(lane, streamId);
    }
    await writer.close();
  }

  const each = Math.ceil(plan.streams / (LANES + SLOW_LANES));
  const quick = Array.from({ length: LANES }, (_, nth) => quickLane(laneOf(`quick ${nth}`, each)));
  const slow = Array.from({ length: SLOW_LANES }, (_, nth) =>
    slowLane(laneOf(`slow ${nth}`, each), openSlowWriter(store, appender, random)),
  );
  return { written: () => written, done: Promise.all([...quick, ...slow]).then(() => undefined) };
}
