import { performance } from 'node:perf_hooks';
import { contractsOf, toMessage } from '@tongchou/contracts';
import { newEventId } from '@tongchou/event-store';
import type { Bus, CheckpointStep, OutgoingMessage, RelayCheckpoint } from '@tongchou/messaging';
import kafkajs, { type Kafka } from 'kafkajs';

/** A way to and from one broker. Rates are messages a second. */
export interface KafkaPeer {
  readonly name: string;
  /** Sends the messages in batches of 1,000, each acknowledged before the next. */
  produce(topic: string, messages: readonly OutgoingMessage[]): Promise<number>;
  /** Reads that many as a new group, from the first batch handed out to the last. */
  consume(topic: string, group: string, count: number): Promise<number>;
  close(): Promise<void>;
}

const AT_ONCE = 1_000;
const EVERY_REPLICA = -1;
const STUCK_MS = 60_000;

const perSecond = (count: number, beganMs: number): number => (count * 1_000) / (performance.now() - beganMs);

/** Facts as the relay sends them: all their headers, and half a kilobyte of data. */
export function factMessages(count: number): OutgoingMessage[] {
  const { BudgetRevised } = contractsOf('costs');
  const data = { ...BudgetRevised?.example, approval: 'x'.repeat(330) };
  const published = { type: 'BudgetRevised', schemaVersion: 1, data };
  const [correlationId, commandId] = [newEventId(), newEventId()];
  const metadata = { correlationId, causationId: commandId, commandId, actor: { subject: 'demo' } };
  return Array.from({ length: count }, () => {
    const streamId = newEventId();
    const place = { source: 'costs', streamId, streamType: 'CostSheet', version: 1, eventId: newEventId() };
    const fact = { ...place, recordedAt: '2018-08-31T08:00:00.000000Z', metadata, event: { type: published.type } };
    return toMessage(fact, published);
  });
}

export const bytesOf = ({ headers, value }: OutgoingMessage): number =>
  (value?.length ?? 0) + Object.entries(headers).reduce((sum, [name, text]) => sum + name.length + text.length, 0);

const batchesOf = (messages: readonly OutgoingMessage[]): OutgoingMessage[][] =>
  Array.from({ length: Math.ceil(messages.length / AT_ONCE) }, (_, at) =>
    messages.slice(at * AT_ONCE, (at + 1) * AT_ONCE),
  );

/** Counts batches as they are handed out; the first sets the clock, its messages were fetched before it. */
function counting(count: number): { saw(messages: number): void; readonly rate: Promise<number> } {
  const all = Promise.withResolvers<number>();
  const timer = setTimeout(() => all.reject(new Error(`Not all messages came within ${STUCK_MS} ms`)), STUCK_MS);
  let [began, seen, first] = [0, 0, 0];
  const rate = all.promise.finally(() => clearTimeout(timer));
  return {
    rate,
    saw(messages) {
      if (seen === 0) [began, first] = [performance.now(), messages];
      seen += messages;
      if (seen >= count) all.resolve(perSecond(seen - first, began));
    },
  };
}

/** kafkajs alone, with its defaults. */
export async function rawKafkajs(brokers: readonly string[]): Promise<KafkaPeer> {
  const kafka: Kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  return {
    name: 'raw kafkajs',
    async produce(topic, messages) {
      const batches = batchesOf(messages);
      const began = performance.now();
      for (const batch of batches)
        await producer.sendBatch({ acks: EVERY_REPLICA, topicMessages: [{ topic, messages: batch }] });
      return perSecond(messages.length, began);
    },
    async consume(topic, group, count) {
      const consumer = kafka.consumer({ groupId: group });
      const { saw, rate } = counting(count);
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({ eachBatch: async ({ batch }) => saw(batch.messages.length) });
      return rate.finally(() => consumer.disconnect());
    },
    close: () => producer.disconnect(),
  };
}

/** The adapter behind the port, its checkpoint in a store. */
export function adapter(bus: Bus): KafkaPeer {
  const steps = new Map<string, RelayCheckpoint>();
  const next = (topic: string): CheckpointStep => {
    const from = steps.get(topic);
    const generation = from?.generation ?? newEventId();
    const to = { generation, cursor: String(Number(from?.cursor ?? 0) + 1), epoch: 1, systemIdentifier: 'bench' };
    steps.set(topic, to);
    return { from, to };
  };
  return {
    name: 'adapter',
    async produce(topic, messages) {
      const batches = batchesOf(messages);
      const began = performance.now();
      for (const batch of batches) await bus.publish(topic, batch, next(topic));
      return perSecond(messages.length, began);
    },
    async consume(topic, group, count) {
      const { saw, rate } = counting(count);
      const onBatch = async ({ messages }: { readonly messages: readonly unknown[] }): Promise<void> =>
        saw(messages.length);
      const subscription = await bus.subscribe({ group, topics: [topic], from: 'earliest', onBatch });
      return rate.finally(() => subscription.close());
    },
    close: () => bus.close(),
  };
}
