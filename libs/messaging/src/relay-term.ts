import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { topicOf } from '@tongchou/contracts';
import { createReader, FROM_THE_START, StoreRestored, storeIdentity } from '@tongchou/event-store';
import type { FactsDatabase, Lease, Log } from '@tongchou/event-store';

import { acknowledge, acknowledgedEnds } from './acknowledged.ts';
import { PARTITIONS } from './bus.ts';
import type { Bus, OutgoingMessage, RelayCheckpoint } from './bus.ts';
import { partitionOf } from './partition.ts';
import { cursorOf, cursorText, factMessage, watermarkMessages } from './relay-messages.ts';
import type { Translation } from './relay-messages.ts';

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
  /** Asked for: a new generation, from the beginning of the store. */
  anew: boolean;
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
}

/** Finds out whether the topic is the one that was published to; one that lost messages begins a new life. */
async function begin(parts: TermParts, epoch: number, anew: boolean): Promise<Start> {
  const { store, bus, log } = parts;
  const topic = topicOf(store.service);
  await bus.openTopic(topic);
  const [identity, kept, acknowledged] = [
    await storeIdentity(store.pool),
    await bus.checkpoint(topic),
    await acknowledgedEnds(store.pool, topic),
  ];
  const ends = [...(await bus.ends(topic))];
  const lost = acknowledged?.some((end, partition) => end > (ends[partition] ?? 0));
  if (lost) log.error({ topic, ends, acknowledged }, 'the topic lost messages (recreated, restored?): published anew');
  if (kept && !anew && (kept.systemIdentifier !== identity || kept.epoch > epoch)) {
    throw new StoreRestored('the relay', store.service);
  }
  if (kept && !anew && !lost) return { kept, next: { ...kept, epoch }, ends };
  const generation = randomUUID();
  log.info({ topic, generation }, 'the topic begins a new generation');
  const next = { generation, cursor: cursorText(FROM_THE_START), epoch, systemIdentifier: identity };
  return { kept, next, ends };
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
  watermark: { closedInstant: string | undefined; generation: string },
  facts: readonly OutgoingMessage[],
): OutgoingMessage[] {
  const { closedInstant, generation } = watermark;
  const due = performance.now() >= pulse.dueAt;
  if (due) pulse.dueAt = performance.now() + parts.watermarkEveryMs;
  if (closedInstant === undefined || (!due && closedInstant === pulse.sent)) return [];
  if (due) pulse.sent = closedInstant;
  const touched = new Set(facts.flatMap(({ key }) => (key === null ? [] : partitionOf(key))));
  const partitions = due ? EVERY_PARTITION : [...touched];
  return watermarkMessages(parts.store.service, { closedInstant, generation }, partitions);
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
}

/**
 * Publishes what the store's events add, until the lease ends. Order: publish with the checkpoint, note what was
 * acknowledged, only then read on; whatever fails in between is sent again by the next term.
 */
export async function serveTerm(parts: TermParts, lease: Lease, progress: TermProgress): Promise<void> {
  const { store, bus, log, translation } = parts;
  const topic = topicOf(store.service);
  let answersWish = progress.anew;
  const { ends, ...start } = await begin(parts, lease.epoch, answersWish);
  let { kept, next } = start;
  progress.generation = next.generation;
  const reader = createReader({
    store,
    name: 'relay',
    from: cursorOf(next.cursor),
    tables: ['events'],
    log,
    pageSize: PAGE_SIZE,
  });
  try {
    for (const pulse: Pulse = { dueAt: performance.now(), sent: undefined }; !lease.signal.aborted;) {
      const difference = await reader.next(Math.max(0, pulse.dueAt - performance.now()), lease.signal);
      if (lease.signal.aborted) return;
      const facts = difference.facts.map((fact) => factMessage(fact, next.generation, translation));
      const watermark = { closedInstant: reader.closedInstant(), generation: next.generation };
      const messages = [...facts, ...watermarksFor(parts, pulse, watermark, facts)];
      if (messages.length === 0) continue;
      const to: RelayCheckpoint = { ...next, cursor: cursorText(difference.to) };
      const written = await bus.publish(topic, messages, { from: kept, to });
      noteEnds(ends, messages, written);
      await acknowledge(store.pool, topic, next.generation, ends);
      reader.done(difference);
      kept = next = to;
      // Only the term that began anew has answered the wish: one that came while an older term published still stands.
      if (answersWish) progress.anew = answersWish = false;
      noteProgress(progress, facts.length, reader.closedInstant());
    }
  } finally {
    reader.close();
  }
}
