import { partitionOf } from '@tongchou/messaging';
import type { OutgoingMessage } from '@tongchou/messaging';
import kafkajs from 'kafkajs';
import pg from 'pg';
import type { FlowBus } from './flow-settings.ts';

/** Somebody else on the bus, who keeps no rules: no checkpoint, no epoch, no contract. */
export interface Foreign {
  send(topic: string, messages: readonly OutgoingMessage[]): Promise<void>;
  /** The topic with all that it holds is removed, and an empty one of its name made where a bus makes none by itself. */
  recreate(topic: string): Promise<void>;
  close(): Promise<void>;
}

const placeOf = ({ key, partition }: OutgoingMessage): number => partition ?? partitionOf(key ?? '');

const APPEND = /* sql */ `
with place as (
  update bus.parts set next_offset = next_offset + 1 where topic = $1 and partition = $2 returning next_offset - 1 as at
)
insert into bus.log (topic, partition, "offset", key, headers, value, ephemeral)
select $1, $2, at, $3, $4, $5, false from place`;

function onPostgres(url: string): Foreign {
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    application_name: 'foreign',
    connectionTimeoutMillis: 5_000,
  });
  pool.on('error', () => undefined);
  return {
    async send(topic, messages) {
      for (const message of messages) {
        const { key, headers, value } = message;
        const bytes = key === null ? null : Buffer.from(key);
        await pool.query(APPEND, [topic, placeOf(message), bytes, JSON.stringify(headers), value]);
      }
    },
    async recreate(topic) {
      // One statement, one transaction: parts first, as who publishes takes them.
      await pool.query(
        `with parts as (update bus.parts set first_offset = 0, next_offset = 0 where topic = '${topic}' returning topic)
         delete from bus.log where topic in (select topic from parts)`,
      );
    },
    close: () => pool.end(),
  };
}

const TRIES = 10;

function onKafka(brokers: readonly string[]): Foreign {
  const kafka = new kafkajs.Kafka({
    clientId: 'foreign',
    brokers: [...brokers],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: TRIES, initialRetryTime: 100, maxRetryTime: 1_000 },
  });
  let connected: Promise<kafkajs.Producer> | undefined;
  const connect = async (): Promise<kafkajs.Producer> => {
    const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
    return producer;
  };
  return {
    async send(topic, messages) {
      const producer = await (connected ??= connect());
      await producer.send({
        topic,
        acks: -1,
        messages: messages.map((message) => {
          const { key, headers, value } = message;
          return { key, headers, value, partition: placeOf(message) };
        }),
      });
    },
    async recreate(topic) {
      const admin = kafka.admin();
      await admin.connect();
      try {
        await admin.deleteTopics({ topics: [topic], timeout: 10_000 });
      } finally {
        await admin.disconnect();
      }
    },
    async close() {
      await connected?.then((producer) => producer.disconnect()).catch(() => undefined);
    },
  };
}

export const openForeign = (bus: FlowBus): Foreign =>
  bus.kind === 'postgres' ? onPostgres(bus.url) : onKafka(bus.brokers);
