import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '@tongchou/event-store';
import type { Consumer, ConsumerStartBatchProcessEvent, EachBatchPayload } from 'kafkajs';
import type { PartitionBatch, SubscribeOptions, SubscriptionStatus } from './bus.ts';
import { HeldPartitions } from './kafka-held.ts';
import type { Held } from './kafka-held.ts';
import { fetchedOffsetOf, incoming } from './kafka-message.ts';
import type { FetchedBatch } from './kafka-message.ts';
import { isKafkaError } from './kafka-trouble.ts';
import { within } from './within.ts';

/** kafkajs fetches again only when all batches of a fetch are done: a slower one leaves its partition paused. */
const SLOW_AFTER_MS = 2_000;
const PAUSE_AFTER_FAILURE_MS = 1_000;
const CLOSE_MS = 10_000;

export interface ReadingParts {
  readonly consumer: Consumer;
  readonly log: Log;
  readonly sessionMs: number;
  /** The first offset that a partition still holds. */
  readonly first: (topic: string, partition: number) => Promise<number>;
}

type PassedBatch = Pick<ConsumerStartBatchProcessEvent['payload'], 'topic' | 'partition' | 'batchSize' | 'lastOffset'>;

/** What one consumer reads: its partitions, where it is in them, and their batches. Nothing is thrown into kafkajs's loop. */
export class KafkaReading {
  private readonly parts: ReadingParts;
  private readonly options: Pick<SubscribeOptions, 'onBatch' | 'startAt'>;
  private readonly held = new HeldPartitions();
  private commit: EachBatchPayload['commitOffsetsIfNecessary'] | undefined;
  private telling: Promise<void> | undefined;
  private lastBeat = 0;
  private closing = false;

  constructor(parts: ReadingParts, options: Pick<SubscribeOptions, 'onBatch' | 'startAt'>) {
    this.parts = parts;
    this.options = options;
  }

  /** The group knows that this member lives. */
  beats(): void {
    this.lastBeat = performance.now();
  }

  silentMs(): number {
    return performance.now() - this.lastBeat;
  }

  list(): SubscriptionStatus['assigned'] {
    return this.held.list();
  }

  stuck(afterMs: number): string | undefined {
    return this.held.stuck(afterMs);
  }

  /** Batches under way are stale from now on. */
  lose(): void {
    this.held.loseAll();
  }

  /** Nothing is fetched of a partition before the group's own store has said where to read on. */
  assigned(assignment: Readonly<Record<string, number[]>>): void {
    const done = this.held.loseAll();
    this.beats();
    this.parts.consumer.pause(Object.entries(assignment).map(([topic, partitions]) => ({ topic, partitions })));
    for (const [topic, partitions] of Object.entries(assignment)) {
      for (const partition of partitions) void this.place(this.held.add(topic, partition), done.get(topic, partition));
    }
  }

  private async place(held: Held, before: Held | undefined): Promise<void> {
    const { topic, partition } = held;
    while (!held.lost && !this.closing) {
      try {
        const said = await this.options.startAt?.(topic, partition);
        if (!held.lost && !this.closing) this.begin(held, said, before);
        return;
      } catch (error) {
        this.parts.log.warn({ err: error, topic, partition }, 'where to read on is not known yet, asks again');
        await pause(PAUSE_AFTER_FAILURE_MS);
      }
    }
  }

  /** Where nobody says, where this member left off: the hint that the broker has may be older. */
  private begin(held: Held, said: number | undefined, before: Held | undefined): void {
    const start = said ?? before?.position;
    held.since = said ?? before?.since ?? 0;
    if (start === undefined) this.parts.consumer.resume([{ topic: held.topic, partitions: [held.partition] }]);
    else this.goOn(held, start);
  }

  private moveTo(held: Held, offset: number): void {
    held.position = offset;
    held.passedTo = undefined;
    this.parts.consumer.seek({ topic: held.topic, partition: held.partition, offset: String(offset) });
  }

  private later(held: Held, pauseMs: number): void {
    const where = [{ topic: held.topic, partitions: [held.partition] }];
    this.parts.consumer.pause(where);
    setTimeout(() => {
      if (!held.lost && !this.closing) this.parts.consumer.resume(where);
    }, pauseMs).unref();
  }

  async take(payload: EachBatchPayload): Promise<void> {
    const { topic, partition } = payload.batch;
    const held = this.held.get(topic, partition);
    this.commit = payload.commitOffsetsIfNecessary;
    if (!held || held.working || this.closing) return;
    try {
      if (!(await this.inPlace(held, fetchedOffsetOf(payload.batch)))) return;
    } catch (error) {
      this.parts.log.warn({ err: error, topic, partition }, 'a partition cannot be placed, tries again');
      return this.later(held, PAUSE_AFTER_FAILURE_MS);
    }
    held.lastSign = performance.now();
    const work = this.deliver(held, payload).then(() => (held.working = undefined));
    held.working = work;
    const inTime = await Promise.race([work.then(() => true), pause(SLOW_AFTER_MS, false, { ref: false })]);
    if (!inTime && !held.lost && held.working === work) this.parts.consumer.pause([{ topic, partitions: [partition] }]);
  }

  /** kafkajs hands out no batch that holds nothing but control records and aborted messages, and goes on behind it. */
  passed({ topic, partition, batchSize, lastOffset }: PassedBatch): void {
    const held = this.held.get(topic, partition);
    const behind = Number(lastOffset) + 1;
    if (batchSize > 0 || !held || held.working || held.position === undefined || held.position >= behind) return;
    held.passedTo = behind;
  }

  /** Kafka answers an offset that is out of range from the earliest one; any other surprise is read again. */
  private async inPlace(held: Held, fetched: number): Promise<boolean> {
    if (held.position === fetched || held.passedTo === fetched) return true;
    const first = fetched === 0 ? 0 : await this.parts.first(held.topic, held.partition);
    if (held.position === undefined) {
      held.since = fetched <= first ? 0 : fetched;
    } else if (fetched <= first) {
      const { topic, partition, position } = held;
      this.parts.log.warn({ topic, partition, position, first }, 'offset out of range: reads from the earliest');
      held.since = 0;
    } else {
      this.moveTo(held, held.position);
      return false;
    }
    held.position = fetched;
    held.passedTo = undefined;
    return true;
  }

  private async deliver(held: Held, payload: EachBatchPayload): Promise<void> {
    const fetched = incoming(payload.batch);
    let next = (): void => this.goOn(held, fetched.to);
    const batch = this.batchOf(held, payload, fetched, (instead) => (next = instead));
    try {
      await this.options.onBatch(batch);
    } catch (error) {
      const { topic, partition, fetchedOffset: from } = fetched;
      this.parts.log.error({ err: error, topic, partition, from }, 'a batch was not handled: it comes again');
      next = () => this.later(held, PAUSE_AFTER_FAILURE_MS);
    }
    if (!held.lost) next();
  }

  private batchOf(
    held: Held,
    payload: EachBatchPayload,
    { fetchedOffset, ...fetched }: FetchedBatch,
    instead: (next: () => void) => void,
  ): PartitionBatch {
    return {
      ...fetched,
      from: held.position ?? fetchedOffset,
      since: held.since,
      heartbeat: () => this.beat(held, payload),
      isStale: () => held.lost || this.silentMs() > this.parts.sessionMs,
      seek: (offset) =>
        instead(() => {
          held.since = offset;
          this.goOn(held, offset);
        }),
      retryLater: (pauseMs) => instead(() => this.later(held, pauseMs)),
    };
  }

  /** Also out of the pause that a slow batch has put its partition into. */
  private goOn(held: Held, offset: number): void {
    this.moveTo(held, offset);
    this.parts.consumer.resume([{ topic: held.topic, partitions: [held.partition] }]);
  }

  private async beat(held: Held, payload: EachBatchPayload): Promise<void> {
    held.lastSign = performance.now();
    await payload.heartbeat().catch((error: unknown) => {
      if (isKafkaError(error, 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION')) this.held.loseAll();
    });
  }

  /** A hint only: a group with a store of its own reads on where that says. One at a time, for a broker may be frozen. */
  tellHints(): Promise<void> {
    return (this.telling ??= this.tell().finally(() => (this.telling = undefined)));
  }

  private async tell(): Promise<void> {
    const told = this.held.untold();
    if (told.length === 0 || !this.commit) return;
    const topics = [...Map.groupBy(told, ({ held }) => held.topic)].map(([topic, moved]) => ({
      topic,
      partitions: moved.map(({ held, position }) => ({ partition: held.partition, offset: String(position) })),
    }));
    try {
      await this.commit({ topics });
      for (const { held, position } of told) held.told = position;
    } catch (error) {
      this.parts.log.info({ err: error }, 'the broker did not take a hint');
    }
  }

  /** Hands out no more, waits for the batches under way, tells the last hints. */
  async finish(): Promise<void> {
    this.closing = true;
    const assigned = this.held.list().map(({ topic, partition }) => ({ topic, partitions: [partition] }));
    if (assigned.length > 0) this.parts.consumer.pause(assigned);
    await within(CLOSE_MS, 'batches under way', this.held.worksDone()).catch(() => undefined);
    await within(CLOSE_MS, 'the last hint', this.tellHints()).catch(() => undefined);
  }
}
