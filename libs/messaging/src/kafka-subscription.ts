import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '@tongchou/event-store';
import type { Consumer, Kafka } from 'kafkajs';
import type { SubscribeOptions, Subscription, SubscriptionStatus } from './bus.ts';
import { KafkaReading } from './kafka-reading.ts';
import { kafkaTrouble } from './kafka-trouble.ts';
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
  stuckMs: 30_000,
  fetchWaitMs: 250,
  hintEveryMs: 1_000,
};

const REBALANCE_MS = 30_000;
const BATCHES_AT_ONCE = 4;
const REJOIN_MS = { first: 500, most: 5_000 };
const DISCONNECT_MS = 5_000;
const ALONE_MS = 15_000;

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
    const reason = this.reading?.stuck(this.parts.timing.stuckMs) ?? this.whyAlone();
    const assigned = this.reading?.list() ?? [];
    return { healthy: reason === undefined, assigned, ...(reason !== undefined && { reason }) };
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

  /** One consumer after another, each until it is lost for good. */
  private async stayMember(): Promise<void> {
    const { log, openTopic, onLost } = this.parts;
    const { group, topics } = this.options;
    for (let waitMs = REJOIN_MS.first; !this.closing.signal.aborted; waitMs = Math.min(waitMs * 2, REJOIN_MS.most)) {
      try {
        for (const topic of topics) await this.unlessClosed(openTopic(topic));
        await this.consume();
      } catch (error) {
        const trouble = kafkaTrouble(`receiving as ${group}`, error);
        this.noteAlone(trouble.message);
        log.warn({ err: trouble, group }, 'no place in the group, tries again');
        if (this.everJoined) onLost(trouble);
      }
      await pause(waitMs, undefined, { signal: this.closing.signal }).catch(() => undefined);
    }
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
      retry: { retries: 5, initialRetryTime: 100, maxRetryTime: 2_000 },
    });
    const reading = new KafkaReading({ consumer, log, sessionMs: timing.sessionMs, first }, this.options);
    this.reading = reading;
    const lost = this.watch(consumer, reading);
    const telling = setInterval(() => void reading.tellHints(), timing.hintEveryMs);
    try {
      await this.unlessClosed(this.join(consumer, reading));
      await Promise.race([lost, this.closed.promise]);
      await reading.finish();
    } finally {
      clearInterval(telling);
      reading.lose();
      this.reading = undefined;
      await within(DISCONNECT_MS, 'disconnecting', consumer.disconnect()).catch(() => undefined);
    }
  }

  private async join(consumer: Consumer, reading: KafkaReading): Promise<void> {
    await consumer.connect();
    await consumer.subscribe({ topics: [...this.options.topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: BATCHES_AT_ONCE,
      eachBatch: (payload) => reading.take(payload),
    });
  }

  /** Rejects when kafkajs gives the consumer up. A crash that it restarts from by itself only costs time. */
  private watch(consumer: Consumer, reading: KafkaReading): Promise<never> {
    const lost = Promise.withResolvers<never>();
    lost.promise.catch(() => undefined);
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      this.joined = this.everJoined = true;
      this.trouble = undefined;
      reading.assigned(payload.memberAssignment);
    });
    consumer.on(consumer.events.HEARTBEAT, () => reading.beats());
    consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
      reading.lose();
      this.noteAlone(kafkaTrouble(`receiving as ${this.options.group}`, error).message);
      if (!restart) lost.reject(error);
    });
    return lost.promise;
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
