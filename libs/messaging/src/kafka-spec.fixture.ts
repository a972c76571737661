import { randomUUID } from 'node:crypto';
import type { Log } from '@tongchou/event-store';
import { silentLog } from '@tongchou/event-store';
import kafkajs from 'kafkajs';
import type { Kafka } from 'kafkajs';
import type { Pool } from 'pg';
import type { Bus } from './bus.ts';
import { openKafkaBus } from './kafka-bus.ts';
import type { KafkaBusOptions } from './kafka-bus.ts';

/** A service name of a spec's own, so that its topic is nobody else's: brokers may be shared. */
export const ownName = (kind: string): string => `${kind}-${randomUUID().slice(0, 8)}`;

/** Somebody else's client. */
export const strangersClient = (brokers: readonly string[]): Kafka =>
  new kafkajs.Kafka({
    clientId: 'stranger',
    brokers: [...brokers],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 8, initialRetryTime: 100 },
  });

/** A bus that soon notices what happens. */
export const specBus = (brokers: readonly string[], pool: Pool, options: Partial<KafkaBusOptions> = {}): Bus =>
  openKafkaBus({
    brokers,
    clientId: 'spec',
    pool,
    log: silentLog,
    topics: { replicationFactor: 1, minInsync: 1 },
    timing: { heartbeatMs: 200, sessionMs: 6_000, fetchWaitMs: 100, hintEveryMs: 200 },
    ...options,
  });

export interface KeptLog extends Log {
  /** Messages at `warn` and `error`. */
  readonly lines: string[];
}

export function keptLog(): KeptLog {
  const lines: string[] = [];
  const keep = (...args: readonly unknown[]): void => void lines.push(String(args.at(-1)));
  return { ...silentLog, warn: keep, error: keep, lines };
}
