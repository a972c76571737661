import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '@tongchou/event-store';
import kafkajs from 'kafkajs';
import type { Admin } from 'kafkajs';
import { PARTITIONS } from './bus.ts';
import { isKafkaError, KafkaTrouble, kafkaTrouble } from './kafka-trouble.ts';

/** How topics are made; what is there already keeps its own. */
export interface TopicSettings {
  /** Brokers that hold a copy. */
  readonly replicationFactor: number;
  /** Copies that must be written before a fact counts as published. */
  readonly minInsync: number;
  readonly retentionMs: number;
}

const SETTLES_WITHIN_MS = 15_000;
const POLL_MS = 50;
const UNSETTLED = [
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'REPLICA_NOT_AVAILABLE',
];
/** The largest record batch that a topic takes; the sender stays below it unless one message alone is larger. */
export const MOST_BATCH_BYTES = 16 * 1024 * 1024;

async function partitionsOf(admin: Admin, topic: string): Promise<{ count: number; led: boolean } | undefined> {
  // Asked for by name, a missing topic would be made by a broker that makes topics by itself, and with its own partitions.
  if (!(await admin.listTopics()).includes(topic)) return undefined;
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const partitions = topics[0]?.partitions ?? [];
  return { count: partitions.length, led: partitions.every(({ leader }) => leader >= 0) };
}

async function create(admin: Admin, topic: string, settings: TopicSettings): Promise<void> {
  const entries = {
    'cleanup.policy': 'delete',
    'min.insync.replicas': String(settings.minInsync),
    'retention.ms': String(settings.retentionMs),
    'max.message.bytes': String(MOST_BATCH_BYTES),
    // Whatever a stranger compresses by, the broker unpacks: kafkajs dies of snappy, lz4 and zstd.
    'compression.type': 'uncompressed',
    // The broker's own clock: a service's may be wrong, and what lies too far from the broker's is refused or deleted.
    'message.timestamp.type': 'LogAppendTime',
  };
  const configEntries = Object.entries(entries).map(([name, value]) => ({ name, value }));
  const { replicationFactor } = settings;
  try {
    await admin.createTopics({
      waitForLeaders: false,
      topics: [{ topic, numPartitions: PARTITIONS, replicationFactor, configEntries }],
    });
  } catch (error) {
    if (isKafkaError(error, 'TOPIC_ALREADY_EXISTS')) return;
    throw kafkaTrouble(`topic ${topic} is missing and cannot be made here`, error);
  }
}

/** Asks again while a new topic, or a new leader, is making its way through the cluster. */
async function whileItSettles<Answer>(ask: () => Promise<Answer | undefined>): Promise<Answer | undefined> {
  for (const end = Date.now() + SETTLES_WITHIN_MS; ; await pause(POLL_MS)) {
    try {
      const answer = await ask();
      if (answer !== undefined || Date.now() > end) return answer;
    } catch (error) {
      if (Date.now() > end || !isKafkaError(error, ...UNSETTLED)) throw error;
    }
  }
}

async function untilLed(admin: Admin, topic: string): Promise<number> {
  const found = await whileItSettles(async () => {
    const partitions = await partitionsOf(admin, topic);
    return partitions?.led ? partitions : undefined;
  });
  if (found) return found.count;
  throw new KafkaTrouble(
    `Kafka: topic ${topic} is missing, hidden from this user, or has partitions without a leader: ` +
      'look at the brokers, and at the ACLs of the user',
  );
}

async function cleanupPolicy(admin: Admin, topic: string, log: Log): Promise<string | undefined> {
  const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: ['cleanup.policy'] };
  try {
    const { resources } = await admin.describeConfigs({ resources: [resource], includeSynonyms: false });
    return resources[0]?.configEntries.find(({ configName }) => configName === 'cleanup.policy')?.configValue;
  } catch (error) {
    if (!isKafkaError(error, 'TOPIC_AUTHORIZATION_FAILED')) throw error;
    log.warn({ topic }, 'whether the topic is compacted cannot be seen: DescribeConfigs is not allowed to this user');
    return undefined;
  }
}

/**
 * Makes the topic unless it is there, and checks it. @throws KafkaTrouble when it is not as facts need it, may not be made,
 * or is hidden.
 */
export async function openKafkaTopic(admin: Admin, topic: string, settings: TopicSettings, log: Log): Promise<void> {
  if (!(await partitionsOf(admin, topic))) await create(admin, topic, settings);
  const count = await untilLed(admin, topic);
  // A leader that does not know yet that it leads would refuse its share of a send, and the rest would be sent twice.
  await kafkaRanges(admin, topic);
  if (count !== PARTITIONS) {
    throw new KafkaTrouble(
      `Kafka: topic ${topic} has ${count} partitions, not ${PARTITIONS}: a stream's partition would change. ` +
        'Delete the topic; it is made anew and published again from the store.',
    );
  }
  const policy = await cleanupPolicy(admin, topic, log);
  if (policy?.includes('compact')) {
    throw new KafkaTrouble(
      `Kafka: topic ${topic} is compacted (cleanup.policy=${policy}): all facts of a stream but the last would be removed. ` +
        'Set cleanup.policy=delete, then npm run bus:republish.',
    );
  }
}

/** The next offset of each partition, and the first that is still there. */
export async function kafkaRanges(admin: Admin, topic: string): Promise<{ first: number; end: number }[]> {
  const offsets = (await whileItSettles(() => admin.fetchTopicOffsets(topic))) ?? [];
  // Taken for an empty partition, one without an answer would look like lost messages.
  if (offsets.length === 0) throw new KafkaTrouble(`Kafka: no offsets of topic ${topic} are told: look at the brokers`);
  return offsets
    .toSorted((a, b) => a.partition - b.partition)
    .map(({ low, high }) => ({ first: Number(low), end: Number(high) }));
}
