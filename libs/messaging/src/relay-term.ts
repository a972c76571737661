import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { topicOf } from '@tongchou/contracts';
import { createReader, FROM_THE_START, StoreRestored, storeIdentity } from '@tongchou/event-store';
import type { FactsDatabase, Lease, Log } from '@tongchou/event-store';

import { acknowledge, acknowledged } from './acknowledged.ts';
import type { Acknowledged } from './acknowledged.ts';
import { PARTITIONS } from './bus.ts';
import type { Bus, OutgoingMessage, RelayCheckpoint } from './bus.ts';
import { inspectOwnTopic, originOf } from './own-topic.ts';
import { partitionOf } from './partition.ts';
import { cursorOf, cursorText, factMessage, watermarkMessages } from './relay-messages.ts';
import type { Signature, Translation } from './relay-messages.ts';
import { answerWish, openWish } from './republishing.ts';

const PAGE_SIZE = 1_000;
const EVERY_PARTITION = Array.from({ length: PARTITIONS }, (_, partition) => partition);

export interface TermParts {
  readonly store: FactsDatabase;
  readonly bus: Bus;
  readonly translation: Translation;
  readonly log: Log;
  readonly watermarkEveryMs: number;
}

/** What a term tells of itself while it runs. */
export interface TermProgress {
  generation?: string;
  /** Facts acknowledged by the bus. */
  published: number;
  closedInstant?: string;
  trouble?: string;
  stopped?: string;
}

/** Where publishing goes on: `kept` is the bus's checkpoint, `next` the one that the first publication replaces it by. */
interface Start {
  readonly kept: RelayCheckpoint | undefined;
  readonly next: RelayCheckpoint;
  readonly ends: number[];
  /** Acknowledged in this generation before. */
  readonly facts: number;
}

/** What is known of the topic at the start of a term. */
interface Finding {
  readonly kept: RelayCheckpoint | undefined;
  readonly known: Acknowledged | undefined;
  readonly ends: number[];
  /** It ends below what was acknowledged. */
  readonly lost: boolean;
}

async function find({ store, bus, log }: TermParts, topic: string): Promise<Finding> {
  await bus.openTopic(topic);
  const kept = await bus.checkpoint(topic);
  const known = kept && (await acknowledged(store.pool, topic, kept.generation));
  const ends = [...(await bus.ends(topic))];
  const lost = known?.ends.some((end, partition) => end > (ends[partition] ?? 0)) === true;
  if (lost) log.error({ topic, ends, known }, 'the topic lost messages (recreated, restored?): published anew');
  return { kept, known, ends, lost };
}

/**
 * Finds out whether the topic is the one that was published to, and the store the one that was published from. A topic that
 * lost messages begins a new life; so does one for which somebody has wished it, and then nothing else is asked.
 */
async function begin(parts: TermParts, epoch: number, wish: string | undefined): Promise<Start> {
  const { store, log } = parts;
  const topic = topicOf(store.service);
  const systemIdentifier = await storeIdentity(store.pool);
  const { kept, known, ends, lost } = await find(parts, topic);
  if (wish === undefined) {
    await inspectOwnTopic(parts, topic, lost || !known ? [] : known.ends);
    if (kept && (kept.systemIdentifier !== systemIdentifier || kept.epoch > epoch)) {
      throw new StoreRestored('the relay', store.service);
    }
    if (kept && !lost) return { kept, next: { ...kept, epoch }, ends, facts: known?.facts ?? 0 };
  }
  const generation = randomUUID();
  log.info({ topic, generation }, 'the topic begins a new generation');
  const next = { generation, cursor: cursorText(FROM_THE_START), epoch, systemIdentifier };
  return { kept, next, ends, facts: 0 };
}

/** When the next watermark is due, and the last one sent. */
interface Pulse {
  dueAt: number;
  sent: string | undefined;
}

/** Watermarks for all partitions when due; between, for those that get facts, so that they hear of a newer one at once. */
function watermarksFor(
  parts: TermParts,
  pulse: Pulse,
  watermark: { closedInstant: string | undefined; signature: Signature },
  facts: readonly OutgoingMessage[],
): OutgoingMessage[] {
  const { closedInstant, signature } = watermark;
  const due = performance.now() >= pulse.dueAt;
  if (due) pulse.dueAt = performance.now() + parts.watermarkEveryMs;
  if (closedInstant === undefined || (!due && closedInstant === pulse.sent)) return [];
  if (due) pulse.sent = closedInstant;
  const touched = new Set(facts.flatMap(({ key }) => (key === null ? [] : partitionOf(key))));
  const partitions = due ? EVERY_PARTITION : [...touched];
  return watermarkMessages(parts.store.service, closedInstant, signature, partitions);
}

function noteEnds(ends: number[], messages: readonly OutgoingMessage[], written: ReadonlyMap<number, number>): void {
  const counted = Map.groupBy(messages, ({ key, partition }) => partition ?? partitionOf(key ?? ''));
  for (const [partition, end] of written) {
    const least = (ends[partition] ?? 0) + (counted.get(partition)?.length ?? 0);
    if (end < least) throw new Error(`Partition ${partition} ends at ${end}, not at ${least}: the topic lost messages`);
    ends[partition] = end;
  }
}

function noteProgress(progress: TermProgress, facts: number, closedInstant: string | undefined): void {
  progress.published += facts;
  if (closedInstant !== undefined) progress.closedInstant = closedInstant;
  delete progress.trouble;
  delete progress.stopped;
}

/** Looks once in a while whether somebody wishes what this term does not do. */
function wishWatch({ store, watermarkEveryMs }: TermParts, topic: string): (answering?: string) => Promise<boolean> {
  let lookedAt = performance.now();
  return async (answering) => {
    if (performance.now() - lookedAt < watermarkEveryMs) return false;
    lookedAt = performance.now();
    const wish = await openWish(store.pool, topic);
    return wish !== undefined && wish !== answering;
  };
}

/**
 * Publishes what the store's events add, until the lease ends or a new generation is wished for. Order: publish with the
 * checkpoint, note what was acknowledged, only then read on; whatever fails in between is sent again by the next term.
 */
export async function serveTerm(parts: TermParts, lease: Lease, progress: TermProgress): Promise<void> {
  const { store, bus, log, translation } = parts;
  const topic = topicOf(store.service);
  let wish = await openWish(store.pool, topic);
  const { ends, ...start } = await begin(parts, lease.epoch, wish);
  let { kept, next, facts: count } = start;
  const signature = { origin: await originOf(store.pool), generation: next.generation };
  progress.generation = next.generation;
  const isWished = wishWatch(parts, topic);
  const from = cursorOf(next.cursor);
  const reader = createReader({ store, name: 'relay', from, tables: ['events'], log, pageSize: PAGE_SIZE });
  try {
    for (const pulse: Pulse = { dueAt: performance.now(), sent: undefined }; !lease.signal.aborted;) {
      const difference = await reader.next(Math.max(0, pulse.dueAt - performance.now()), lease.signal);
      if (lease.signal.aborted || (await isWished(wish))) return;
      const facts = difference.facts.map((fact) => factMessage(fact, signature, translation));
      const watermark = { closedInstant: reader.closedInstant(), signature };
      const messages = [...facts, ...watermarksFor(parts, pulse, watermark, facts)];
      if (messages.length === 0) continue;
      const to: RelayCheckpoint = { ...next, cursor: cursorText(difference.to) };
      const written = await bus.publish(topic, messages, { from: kept, to });
      noteEnds(ends, messages, written);
      await acknowledge(store.pool, topic, next.generation, { ends, facts: (count += facts.length) });
      reader.done(difference);
      kept = next = to;
      if (wish !== undefined) wish = await answerWish(store.pool, topic, wish, next.generation);
      noteProgress(progress, facts.length, reader.closedInstant());
    }
  } finally {
    reader.close();
  }
}
