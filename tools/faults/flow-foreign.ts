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
with sent as (
  select *, row_number() over (partition by partition order by n) - 1 as nth
    from unnest($2::integer[], $3::bytea[], $4::jsonb[], $5::bytea[]) with ordinality as m (partition, key, headers, value, n)
), held as materialized (
  select partition from bus.parts where topic = $1 and partition = any($2) order by partition for update
), place as (
  update bus.parts p set next_offset = next_offset + c.many
    from held join (select partition, count(*) as many from sent group by partition) c using (partition)
   where p.topic = $1 and p.partition = c.partition returning p.partition, p.next_offset - c.many as base
)
insert into bus.log (topic, partition, "offset", key, headers, value, ephemeral)
select $1, partition, base + nth, key, headers, value, false from sent join place using (partition)`;

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
      await pool.query(APPEND, [
        topic,
        messages.map(placeOf),
        messages.map(({ key }) => (key === null ? null : Buffer.from(key))),
        messages.map(({ headers }) => JSON.stringify(headers)),
        messages.map(({ value }) => value),
      ]);
    },
    async recreate(topic) {
      // One transaction. Parts first, as who publishes takes them; only a later statement sees what that one left.
      await pool.query(
        `select from bus.parts where topic = '${topic}' order by partition for update;
         delete from bus.log where topic = '${topic}';
         update bus.parts set first_offset = 0, next_offset = 0 where topic = '${topic}'`,
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
