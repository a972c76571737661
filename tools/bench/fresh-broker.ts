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

const closers = new Set<() => Promise<void>>();

/** @throws Problem without Java or Maven. */
export async function openFreshBroker(): Promise<FreshBroker> {
  const folder = await temporaryFolder();
  const starting = startKafka({ folder, say: (line) => console.error(line) });
  const close = async (): Promise<void> => {
    closers.delete(close);
    await starting.then((cluster) => cluster.stop()).catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  };
  closers.add(close);
  try {
    const brokers = (await starting).brokers.split(',');
    const topics = { replicationFactor: 1, minInsync: 1 };
    const bus = ({ pool, service }: Store): Bus =>
      openKafkaBus({ brokers, pool, clientId: service, log: silentLog, topics });
    return { brokers, bus, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Brokers run in groups of their own, which Ctrl-C does not reach; one that still starts is ended as well. */
export async function closeFreshBrokers(): Promise<void> {
  await Promise.all([...closers].map((close) => close()));
}
