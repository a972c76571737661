import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '@tongchou/event-store';
import type { Admin } from 'kafkajs';
import type { Pool } from 'pg';
import type { Bus, CheckpointStep, OutgoingMessage } from './bus.ts';
import { assertStep, moveCheckpoint, storedCheckpoint } from './checkpoint-table.ts';
import { kafkaClient } from './kafka-connection.ts';
import type { KafkaConnection } from './kafka-connection.ts';
import { KafkaSender } from './kafka-sender.ts';
import { KAFKA_TIMING, KafkaSubscription } from './kafka-subscription.ts';
import type { KafkaTiming } from './kafka-subscription.ts';
import { readStretches, stretchesOf } from './kafka-tail.ts';
import { kafkaRanges, openKafkaTopic } from './kafka-topics.ts';
import type { TopicSettings } from './kafka-topics.ts';
import { isKafkaError, kafkaTrouble } from './kafka-trouble.ts';
import { within } from './within.ts';

const ADMIN_WITHIN_MS = 30_000;
const DISCONNECT_WITHIN_MS = 5_000;
const SENDS = 3;
const REPEAT_AFTER_MS = 200;
const CHECKPOINTS = 'es.published';

/** One topic of three copies, two of them written before a fact counts as published, kept for a week. */
export const TOPIC_SETTINGS: TopicSettings = { replicationFactor: 3, minInsync: 2, retentionMs: 7 * 86_400_000 };

export interface KafkaBusOptions extends KafkaConnection {
  /** The service's store: its relay's checkpoint lies there, Kafka has no place for it. */
  readonly pool: Pool;
  /** Who this is, in the broker's logs. */
  readonly clientId: string;
  readonly log: Log;
  readonly topics?: Partial<TopicSettings>;
  readonly timing?: Partial<KafkaTiming>;
  /** A consumer that had its place will not come back by itself: the process should end, another one begins afresh. */
  readonly onLost?: (error: Error) => void;
}

/** Refused for good: sending the same again changes nothing. */
const HOPELESS = ['TOPIC_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED', 'MESSAGE_TOO_LARGE', 'INVALID_RECORD'];

/** A connection for questions, made when first needed and made anew after any failure. */
class Questions {
  private readonly connect: () => Promise<Admin>;
  private connected: Promise<Admin> | undefined;

  constructor(connect: () => Promise<Admin>) {
    this.connect = connect;
  }

  async ask<Answer>(doing: string, question: (admin: Admin) => Promise<Answer>): Promise<Answer> {
    const connection = (this.connected ??= this.connect());
    try {
      return await within(ADMIN_WITHIN_MS, doing, connection.then(question));
    } catch (error) {
      if (this.connected === connection) this.connected = undefined;
      void disconnect(connection);
      throw kafkaTrouble(doing, error);
    }
  }

  async close(): Promise<void> {
    if (this.connected) await disconnect(this.connected);
  }
}

async function disconnect(connection: Promise<Admin>): Promise<void> {
  const gone = connection.then((admin) => admin.disconnect());
  await within(DISCONNECT_WITHIN_MS, 'disconnecting', gone).catch(() => undefined);
}

/**
 * Facts over Apache Kafka. Connects when it is first used, so that a service starts, and commands go on, while no broker
 * answers. Offsets that a broker keeps are hints; a relay's checkpoint lies in the store.
 */
export function openKafkaBus(options: KafkaBusOptions): Bus {
  const { pool, log, clientId } = options;
  const kafka = kafkaClient(options, clientId, log);
  const settings = { ...TOPIC_SETTINGS, ...options.topics };
  const timing = { ...KAFKA_TIMING, ...options.timing };
  const sender = new KafkaSender(kafka, log);
  const questions = new Questions(async () => {
    const admin = kafka.admin();
    await admin.connect();
    return admin;
  });
  const subscriptions = new Set<KafkaSubscription>();

  const openTopic = (topic: string): Promise<void> =>
    questions.ask(`opening topic ${topic}`, (admin) => openKafkaTopic(admin, topic, settings, log));
  const ranges = (topic: string) =>
    questions.ask(`reading the offsets of ${topic}`, (admin) => kafkaRanges(admin, topic));

  /** The same again after any failure, while the checkpoint stands: what was written twice is absorbed by version. */
  async function send(topic: string, messages: readonly OutgoingMessage[], step: CheckpointStep) {
    for (let sends = 1; ; sends += 1) {
      assertStep(topic, step, await storedCheckpoint(pool, CHECKPOINTS, topic));
      try {
        return await sender.send(topic, messages);
      } catch (error) {
        if (sends === SENDS || isKafkaError(error, ...HOPELESS)) throw kafkaTrouble(`publishing to ${topic}`, error);
        log.warn({ err: error, topic, sends }, 'a send failed: the same messages are sent again');
        await pause(REPEAT_AFTER_MS * sends);
      }
    }
  }

  return {
    openTopic,
    ends: async (topic) => (await ranges(topic)).map(({ end }) => end),
    checkpoint: (topic) => storedCheckpoint(pool, CHECKPOINTS, topic),
    async publish(topic, messages, step) {
      const ends = messages.length > 0 ? await send(topic, messages, step) : new Map<number, number>();
      await moveCheckpoint(pool, CHECKPOINTS, topic, step);
      return ends;
    },
    async subscribe(subscribe) {
      const first = async (topic: string, partition: number) => (await ranges(topic))[partition]?.first ?? 0;
      const onLost = options.onLost ?? (() => undefined);
      const subscription = new KafkaSubscription({ kafka, log, timing, openTopic, first, onLost }, subscribe).start();
      subscriptions.add(subscription);
      return subscription;
    },
    async read(topic, from, take) {
      const stretches = stretchesOf(await ranges(topic), from);
      await readStretches(kafka, { topic, group: `${clientId}.relay.${randomUUID()}`, stretches, take });
    },
    async close() {
      await Promise.all([...subscriptions].map((subscription) => subscription.close()));
      await sender.close();
      await questions.close();
    },
  };
}
