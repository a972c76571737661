import type { Log } from '@tongchou/event-store';
import kafkajs from 'kafkajs';
import type { Kafka, Producer } from 'kafkajs';
import type { OutgoingMessage } from './bus.ts';
import { partitionFor } from './partition.ts';
import { within } from './within.ts';

/** A frozen broker would hold a send for minutes. */
const SEND_WITHIN_MS = 10_000;
const ACKNOWLEDGED_WITHIN_MS = 8_000;
const MOST_BYTES_AT_ONCE = 4 * 1024 * 1024;
const EVERY_REPLICA = -1;

interface Placed extends OutgoingMessage {
  readonly partition: number;
}

const sizeOf = ({ value, headers }: OutgoingMessage): number =>
  (value?.length ?? 0) +
  100 +
  Object.entries(headers).reduce((sum, [name, text]) => sum + name.length + text.length, 0);

/** In order, split so that no record batch is larger than a topic takes. */
function inPortions(messages: readonly Placed[]): Placed[][] {
  const portions: Placed[][] = [];
  let bytes = Infinity;
  for (const message of messages) {
    bytes += sizeOf(message);
    if (bytes > MOST_BYTES_AT_ONCE) {
      portions.push([]);
      bytes = sizeOf(message);
    }
    portions.at(-1)?.push(message);
  }
  return portions;
}

/**
 * One send under way at a time, acknowledged by every replica in sync, never idempotent: kafkajs's idempotent producer loses
 * acknowledged messages when a send fails. After any failure the connection is a new one.
 */
export class KafkaSender {
  private readonly kafka: Kafka;
  private readonly log: Log;
  private connected: Promise<Producer> | undefined;

  constructor(kafka: Kafka, log: Log) {
    this.kafka = kafka;
    this.log = log;
  }

  /** Answers the ends of the partitions written. After an error the outcome is unknown: send the same again. */
  async send(topic: string, messages: readonly OutgoingMessage[]): Promise<ReadonlyMap<number, number>> {
    const placed = messages.map((message) => ({ ...message, partition: partitionFor(message) }));
    const ends = new Map<number, number>();
    try {
      for (const portion of inPortions(placed)) {
        const written = await within(SEND_WITHIN_MS, 'a send', this.sendPortion(topic, portion));
        for (const [partition, end] of written) ends.set(partition, end);
      }
      return ends;
    } catch (error) {
      this.renew();
      throw error;
    }
  }

  async close(): Promise<void> {
    const producer = await this.connected?.catch(() => undefined);
    this.connected = undefined;
    if (producer) await within(SEND_WITHIN_MS, 'disconnecting', producer.disconnect()).catch(() => undefined);
  }

  private async sendPortion(topic: string, portion: readonly Placed[]): Promise<Map<number, number>> {
    const producer = await (this.connected ??= this.connect());
    const written = await producer.sendBatch({
      acks: EVERY_REPLICA,
      timeout: ACKNOWLEDGED_WITHIN_MS,
      topicMessages: [
        {
          topic,
          messages: portion.map(({ key, value, headers, partition }) => ({ key, value, headers, partition })),
        },
      ],
    });
    const counted = Map.groupBy(portion, ({ partition }) => partition);
    return new Map(
      written.map(({ partition, baseOffset }) => [
        partition,
        Number(baseOffset ?? NaN) + (counted.get(partition)?.length ?? 0),
      ]),
    );
  }

  private async connect(): Promise<Producer> {
    const producer = this.kafka.producer({
      idempotent: false,
      allowAutoTopicCreation: false,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      // kafkajs would go on trying behind the deadline; whoever sends repeats the whole.
      retry: { retries: 0 },
    });
    await producer.connect();
    return producer;
  }

  private renew(): void {
    const old = this.connected;
    this.connected = undefined;
    old
      ?.then((producer) => producer.disconnect())
      .catch((error: unknown) => this.log.warn({ err: error }, 'a connection to Kafka was given up'));
  }
}
