import { setTimeout as pause } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import type { Tried } from '../check-recovery.ts';
import type { BusKind } from '../trial.ts';

const EVERY_MS = 200;
const FIRST_TRIES = 50;
const TOPIC = 'naive-publish-first';

interface Publisher {
  publish(text: string): Promise<unknown>;
  close(): Promise<unknown>;
}

const wentWell = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  );

async function toKafka(brokers: string): Promise<Publisher> {
  const kafka = new Kafka({ clientId: 'naive', brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const topic = { topic: TOPIC, numPartitions: 1, replicationFactor: 1 };
  await admin.createTopics({ topics: [topic], waitForLeaders: false });
  await admin.disconnect();
  const producer = kafka.producer();
  await producer.connect();
  const publish = (text: string) => producer.send({ topic: TOPIC, acks: -1, messages: [{ value: text }] });
  for (let tries = 1; !(await wentWell(publish('the first one'))); tries += 1) {
    if (tries === FIRST_TRIES) throw new Error('The naive service could not publish to its topic');
    await pause(EVERY_MS);
  }
  return { publish, close: () => producer.disconnect() };
}

async function toPostgres(url: string): Promise<Publisher> {
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  pool.on('error', () => undefined);
  await pool.query('create table if not exists naive (said text not null)');
  const publish = (text: string) => pool.query('insert into naive values ($1)', [text]);
  await publish('the first one opens a connection');
  return { publish, close: () => pool.end() };
}

/** The naive service of P16: a command is answered only when the bus has its fact. Answers how its commands fared. */
export async function publishFirst(
  bus: BusKind,
  address: string,
  enough: AbortSignal,
): Promise<() => Promise<Tried[]>> {
  const publisher = await (bus === 'kafka' ? toKafka(address) : toPostgres(address));
  const tried: Tried[] = [];
  const under = new Set<Promise<void>>();
  const command = async (nth: number): Promise<void> => {
    const at = Date.now();
    const done = await wentWell(publisher.publish(`command ${nth}`));
    tried.push({ at, ms: Date.now() - at, done });
  };
  const loop = async (): Promise<void> => {
    for (let nth = 0; !enough.aborted; nth += 1) {
      under.add(command(nth));
      await pause(EVERY_MS, undefined, { signal: enough }).catch(() => undefined);
    }
    await Promise.all(under);
    await publisher.close();
  };
  const all = loop();
  return async () => {
    await all;
    return tried;
  };
}
