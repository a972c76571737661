import { setTimeout as pause } from 'node:timers/promises';
import { toMessage, topicOf } from '@tongchou/contracts';
import { newEventId } from '@tongchou/event-store';
import kafkajs from 'kafkajs';
import pg from 'pg';
import { metadataOf } from '../flow-facts.ts';
import { openForeign } from '../flow-foreign.ts';
import type { FlowBus } from '../flow-settings.ts';
import type { TrialContext } from '../trial.ts';
import type { TrialCity } from './trial-city.ts';

const KILL_EVERY_MS = 50;
const LEAVE_AFTER_MS = 700;
const WITHIN_MS = 20_000;

/** Ends what a fault does. */
export type Relief = () => Promise<void>;

export function openDatabase(context: TrialContext, url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 2, application_name: 'trial' });
  pool.on('error', () => undefined);
  context.atEnd(() => pool.end());
  return pool;
}

export const busOf = (context: TrialContext, { run }: TrialCity): FlowBus =>
  context.bus === 'postgres'
    ? { kind: 'postgres', url: `${run.postgres?.url ?? ''}/bus` }
    : {
        kind: 'kafka',
        brokers: (run.kafka ?? []).map(({ url }) => new URL(url).host),
        replicationFactor: 1,
        minInsync: 1,
      };

/** Ends the sessions of this name as soon as they are there, again and again. */
export function killSessions(context: TrialContext, pool: pg.Pool, applicationName: string): Relief {
  const text = 'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1';
  const killing = setInterval(() => {
    pool.query(text, [applicationName]).then(
      ({ rowCount }) => {
        if (rowCount) context.count(`sessions ended: ${applicationName}`, rowCount);
      },
      () => undefined,
    );
  }, KILL_EVERY_MS);
  const relieve = async (): Promise<void> => clearInterval(killing);
  context.atEnd(relieve);
  return relieve;
}

/** A stranger joins the group and leaves it, again and again: nobody keeps a partition for long. */
export function rebalanceForEver(
  context: TrialContext,
  brokers: readonly string[],
  group: string,
  topic: string,
): Relief {
  const kafka = new kafkajs.Kafka({ clientId: 'stranger', brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  let over = false;
  const visit = async (): Promise<void> => {
    const consumer = kafka.consumer({ groupId: group, sessionTimeout: 10_000 });
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [topic] });
      await consumer.run({ autoCommit: false, eachMessage: async () => {} });
      await pause(LEAVE_AFTER_MS);
      context.count('visits of a stranger to the group');
    } finally {
      await consumer.disconnect().catch(() => undefined);
    }
  };
  const visiting = (async () => {
    while (!over) await visit().catch(() => pause(LEAVE_AFTER_MS));
  })();
  const relieve = async (): Promise<void> => {
    over = true;
    await visiting;
  };
  context.atEnd(relieve);
  return relieve;
}

const WAITING = /* sql */ `
select pid from pg_stat_activity
 where wait_event_type = 'Lock' and application_name = $1 and query like '%es.offsets%' limit 1`;

/** The backend that works for a handler freezes in the middle of it: the handler waits for ever. */
export async function freezeHandler(context: TrialContext, pool: pg.Pool, applicationName: string): Promise<Relief> {
  const holder = await pool.connect();
  try {
    await holder.query('begin; select from es.offsets for update');
    for (const end = Date.now() + WITHIN_MS; Date.now() < end; await pause(20)) {
      const { rows } = await pool.query<{ pid: number }>(WAITING, [applicationName]);
      const [found] = rows;
      if (!found) continue;
      process.kill(found.pid, 'SIGSTOP');
      context.count('backends of a handler frozen');
      const relieve = async (): Promise<void> => void process.kill(found.pid, 'SIGCONT');
      context.atEnd(() => relieve().catch(() => undefined));
      return relieve;
    }
    throw new Error('No handler came to its database within the time');
  } finally {
    await holder.query('rollback');
    holder.release();
  }
}

/** As a bad deploy of another service does: the first fact of many streams breaks its contract. */
export async function poisonStreams(context: TrialContext, bus: FlowBus, source: string, many: number): Promise<void> {
  const foreign = openForeign(bus);
  context.atEnd(() => foreign.close());
  const messages = Array.from({ length: many }, () => {
    const eventId = newEventId();
    const fact = {
      source,
      streamId: newEventId(),
      streamType: 'Project',
      version: 1,
      eventId,
      recordedAt: new Date().toISOString(),
      metadata: metadataOf(eventId),
      event: { type: 'ProjectRegistered' },
    };
    return toMessage(fact, { type: 'ProjectRegistered', schemaVersion: 1, data: {} });
  });
  await foreign.send(topicOf(source), messages);
  context.count('streams poisoned', many);
}
