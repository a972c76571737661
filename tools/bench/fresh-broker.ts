import { rm } from 'node:fs/promises';
import type { Store } from '@tongchou/event-store';
import { silentLog } from '@tongchou/event-store';
import { type Bus, openKafkaBus } from '@tongchou/messaging';
import { startKafka } from '../kafka/cluster.ts';
import { temporaryFolder } from './fresh-server.ts';

/** A real Apache Kafka of one node, empty, for one benchmark. */
export interface FreshBroker {
  readonly brokers: readonly string[];
  /** The adapter as a service of this store has it. */
  bus(store: Store): Bus;
  /** Stops it and removes its data. */
  close(): Promise<void>;
}

const running = new Set<FreshBroker>();

/** @throws Problem without Java or Maven. */
export async function openFreshBroker(): Promise<FreshBroker> {
  const folder = await temporaryFolder();
  const cluster = await startKafka({ folder, say: (line) => console.error(line) });
  const brokers = cluster.brokers.split(',');
  const broker: FreshBroker = {
    brokers,
    bus: ({ pool, service }) =>
      openKafkaBus({
        brokers,
        pool,
        clientId: service,
        log: silentLog,
        topics: { replicationFactor: 1, minInsync: 1 },
      }),
    async close() {
      running.delete(broker);
      await cluster.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  running.add(broker);
  return broker;
}

/** Brokers run in groups of their own, which Ctrl-C does not reach. */
export async function closeFreshBrokers(): Promise<void> {
  await Promise.all([...running].map((broker) => broker.close()));
}
