import { openWake } from '@tongchou/event-store';
import type { Log } from '@tongchou/event-store';
import pg from 'pg';
import type { Bus } from './bus.ts';
import { storedCheckpoint } from './checkpoint-table.ts';
import { createTopic, migrateBus } from './postgres-bus-schema.ts';
import { readRanges, readTopic } from './postgres-fetch.ts';
import { publishWithCheckpoint } from './postgres-publish.ts';
import { removePassed } from './postgres-retention.ts';
import { PostgresSubscription, SUBSCRIPTION_TIMING } from './postgres-subscription.ts';
import type { SubscriptionTiming } from './postgres-subscription.ts';

const DAY_MS = 86_400_000;
const RETENTION_EVERY_MS = 30_000;

export interface PostgresBusOptions {
  /** The bus's own database, which exists; its tables are made here. */
  readonly url: string;
  readonly log: Log;
  readonly poolSize?: number;
  /** How long facts are kept that every group has passed. */
  readonly retentionMs?: number;
  readonly timing?: Partial<SubscriptionTiming>;
}

/** The embedded default: a log in a PostgreSQL database, for the services of one machine. */
export async function openPostgresBus(options: PostgresBusOptions): Promise<Bus> {
  const { url, log, poolSize = 6, retentionMs = 7 * DAY_MS } = options;
  const timing = { ...SUBSCRIPTION_TIMING, ...options.timing };
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'bus',
    max: poolSize,
    connectionTimeoutMillis: 3_000,
    statement_timeout: 5_000,
    lock_timeout: 2_000,
    idle_in_transaction_session_timeout: 10_000,
    query_timeout: 35_000,
    keepAlive: true,
  });
  pool.on('error', (error) => log.warn({ err: error }, 'the bus lost an idle connection'));
  await migrateBus(pool).catch(async (error: unknown) => {
    await pool.end();
    throw error;
  });
  const wake = openWake({ url, log, applicationName: 'bus' });
  const subscriptions = new Set<PostgresSubscription>();
  const sweeping = setInterval(() => {
    removePassed(pool, retentionMs).catch((error: unknown) => log.warn({ err: error }, 'passed messages stay a while'));
  }, RETENTION_EVERY_MS);
  sweeping.unref();
  return {
    openTopic: (topic) => createTopic(pool, topic),
    ends: async (topic) => (await readRanges(pool, [topic])).map(({ end }) => end),
    checkpoint: (topic) => storedCheckpoint(pool, 'bus.checkpoints', topic),
    async publish(topic, messages, step) {
      const ends = await publishWithCheckpoint(pool, topic, messages, step);
      if (ends.size > 0) wake.announce('facts');
      return ends;
    },
    async subscribe(subscribe) {
      for (const topic of subscribe.topics) await createTopic(pool, topic);
      const ear = wake.listen('facts');
      const subscription = await new PostgresSubscription({ url, pool, ear, log, timing }, subscribe).start();
      subscriptions.add(subscription);
      return subscription;
    },
    read: (topic, from, take) => readTopic(pool, topic, from, take),
    async close() {
      clearInterval(sweeping);
      await Promise.all([...subscriptions].map((subscription) => subscription.close()));
      await wake.close();
      await pool.end();
    },
  };
}
