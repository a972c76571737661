import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '@tongchou/event-store';
import type { Consumer, Kafka } from 'kafkajs';
import type { SubscribeOptions, Subscription, SubscriptionStatus } from './bus.ts';
import { KafkaReading } from './kafka-reading.ts';
import { comesBack, KafkaTrouble, kafkaTrouble } from './kafka-trouble.ts';
import { within } from './within.ts';

export interface KafkaTiming {
  readonly heartbeatMs: number;
  /** A member that is silent for so long loses its partitions; a broker takes 6 s and more. */
  readonly sessionMs: number;
  /** A handler that gives no sign for so long makes the subscription unhealthy. */
  readonly stuckMs: number;
  /** How long a broker may wait for news before it answers a fetch that found nothing. */
  readonly fetchWaitMs: number;
  /** How often the place of the group is told to the broker. */
  readonly hintEveryMs: number;
}

export const KAFKA_TIMING: KafkaTiming = {
  heartbeatMs: 1_000,
  sessionMs: 10_000,
  stuckMs: 20_000,
  fetchWaitMs: 250,
  hintEveryMs: 1_000,
};

const REBALANCE_MS = 30_000;
/** kafkajs fetches again only when all of a fetch are done: 12 partitions in two rounds, and a pool of ten serves commands too. */
const BATCHES_AT_ONCE = 6;
const REJOIN_MS = { first: 500, most: 5_000 };
const DISCONNECT_MS = 5_000;
const ALONE_MS = 15_000;
/** A consumer that heard nothing from its group for so long beyond a session is given up for a new one. */
const GIVEN_UP_MS = 60_000;

export interface KafkaSubscriptionParts {
  readonly kafka: Kafka;
  readonly log: Log;
  readonly timing: KafkaTiming;
  readonly openTopic: (topic: string) => Promise<void>;
  /** The first offset that a partition still holds. */
  readonly first: (topic: string, partition: number) => Promise<number>;
  readonly onLost: (error: Error) => void;
}

/** One member of a consumer group. Waits for a broker as long as it takes; nothing is ever thrown into kafkajs's loop. */
export class KafkaSubscription implements Subscription {
  private readonly parts: KafkaSubscriptionParts;
  private readonly options: SubscribeOptions;
  private readonly closing = new AbortController();
  private readonly closed = Promise.withResolvers<void>();
  private joined = false;
  private everJoined = false;
  private aloneSince = performance.now();
  private trouble: string | undefined;
  private reading: KafkaReading | undefined;
  private loop: Promise<void> = Promise.resolve();

  constructor(parts: KafkaSubscriptionParts, options: SubscribeOptions) {
    this.parts = parts;
    this.options = options;
  }

  start(): this {
    this.loop = this.stayMember();
    return this;
  }

  status(): SubscriptionStatus {
    const assigned = this.reading?.list() ?? [];
    const stuck = this.reading?.stuck(this.parts.timing.stuckMs);
    if (stuck !== undefined) return { healthy: false, assigned, reason: stuck };
    const reason = this.whyAlone();
    return reason === undefined ? { healthy: true, assigned } : { healthy: false, assigned, reason, alone: true };
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.closed.resolve();
    await this.loop;
  }

  private whyAlone(): string | undefined {
    const silentMs = this.reading?.silentMs() ?? Infinity;
    if (this.joined && silentMs < this.parts.timing.sessionMs + ALONE_MS) return undefined;
    const aloneMs = performance.now() - this.aloneSince;
    // Before the first time there is nothing to wait out: what stands in the way is told at once.
    if (aloneMs < ALONE_MS && (this.everJoined || this.trouble === undefined)) return undefined;
    return `no place in the group: ${this.trouble ?? 'the broker does not answer'}`;
  }

  /** One consumer after another, each until it fails: kafkajs's own restarts cannot be stopped once they are due. */
  private async stayMember(): Promise<void> {
    for (let waitMs = REJOIN_MS.first; !this.closing.signal.aborted; waitMs = Math.min(waitMs * 2, REJOIN_MS.most)) {
      try {
        for (const topic of this.options.topics) await this.unlessClosed(this.parts.openTopic(topic));
        await this.consume();
      } catch (error) {
        if (this.closing.signal.aborted) return;
        if (this.joined) waitMs = REJOIN_MS.first;
        this.failed(error);
      }
      await pause(waitMs, undefined, { signal: this.closing.signal }).catch(() => undefined);
    }
  }

  private failed(error: unknown): void {
    const { group } = this.options;
    const trouble = kafkaTrouble(`receiving as ${group}`, error);
    const lost = this.joined && !comesBack(error);
    this.noteAlone(trouble.message);
    this.parts.log.warn({ err: trouble, group }, 'no place in the group, tries again');
    if (lost) this.parts.onLost(trouble);
  }

  private async consume(): Promise<void> {
    if (this.closing.signal.aborted) return;
    const { timing, kafka, log, first } = this.parts;
    const consumer = kafka.consumer({
      groupId: this.options.group,
      sessionTimeout: timing.sessionMs,
      heartbeatInterval: timing.heartbeatMs,
      rebalanceTimeout: REBALANCE_MS,
      maxWaitTimeInMs: timing.fetchWaitMs,
      allowAutoTopicCreation: false,
      retry: { retries: 5, initialRetryTime: 100, maxRetryTime: 2_000, restartOnFailure: async () => false },
    });
    const reading = new KafkaReading({ consumer, log, sessionMs: timing.sessionMs, first }, this.options);
    this.reading = reading;
    const lost = Promise.withResolvers<never>();
    lost.promise.catch(() => undefined);
    this.watch(consumer, reading, lost.reject);
    const ticking = setInterval(() => this.tick(reading, lost.reject), timing.hintEveryMs);
    const joining = this.join(consumer, reading);
    try {
      await this.unlessClosed(joining);
      await Promise.race([lost.promise, this.closed.promise]);
      await reading.finish();
    } finally {
      clearInterval(ticking);
      reading.lose();
      this.reading = undefined;
      await leave(consumer);
      // Where this closes while it joins, kafkajs goes on joining, and would keep partitions that nobody reads.
      void joining.catch(() => undefined).then(() => leave(consumer));
    }
  }

  private tick(reading: KafkaReading, lose: (error: Error) => void): void {
    void reading.tellHints();
    const mostMs = this.parts.timing.sessionMs + GIVEN_UP_MS;
    if (this.joined && reading.silentMs() > mostMs) {
      lose(new KafkaTrouble(`Kafka: receiving as ${this.options.group}: the group gave no sign for ${mostMs} ms`));
    }
  }

  private async join(consumer: Consumer, reading: KafkaReading): Promise<void> {
    await consumer.connect();
    if (this.closing.signal.aborted) return;
    await consumer.subscribe({ topics: [...this.options.topics], fromBeginning: true });
    if (this.closing.signal.aborted) return;
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: BATCHES_AT_ONCE,
      eachBatch: (payload) => reading.take(payload),
    });
  }

  private watch(consumer: Consumer, reading: KafkaReading, lose: (error: Error) => void): void {
    const { GROUP_JOIN, HEARTBEAT, START_BATCH_PROCESS, STOP, CRASH } = consumer.events;
    consumer.on(GROUP_JOIN, ({ payload }) => {
      this.joined = this.everJoined = true;
      this.trouble = undefined;
      reading.assigned(payload.memberAssignment);
    });
    consumer.on(HEARTBEAT, () => reading.beats());
    consumer.on(START_BATCH_PROCESS, ({ payload }) => reading.passed(payload));
    // From here on kafkajs throws at every pause, resume and seek.
    consumer.on(STOP, () => reading.lose());
    consumer.on(CRASH, ({ payload }) => {
      reading.lose();
      lose(payload.error);
    });
  }

  private noteAlone(trouble: string): void {
    if (this.joined) this.aloneSince = performance.now();
    this.joined = false;
    this.trouble = trouble;
  }

  /** Settles when `work` does, or when this closes. */
  private unlessClosed(work: Promise<void>): Promise<void> {
    work.catch(() => undefined);
    return Promise.race([work, this.closed.promise]);
  }
}

/** Also the second time. */
async function leave(consumer: Consumer): Promise<void> {
  await within(DISCONNECT_MS, 'disconnecting', consumer.disconnect()).catch(() => undefined);
}
