import type { Log, Store } from '@tongchou/event-store';
import { openKafkaBus, openPostgresBus, type Bus, type KafkaConnection } from '@tongchou/messaging';
import type { BusConfig } from './bus-settings.ts';

const DAY_MS = 86_400_000;

/**
 * The bus that the settings name: Kafka, which is connected to when it is first used, so that a service starts while no
 * broker answers; else PostgreSQL, whose database must answer now. `onLost`: this process will never receive again.
 */
export async function openBus(config: BusConfig, store: Store, log: Log, onLost: (error: Error) => void): Promise<Bus> {
  const retentionMs = config.busRetentionDays * DAY_MS;
  if (!config.kafkaBrokers) return openPostgresBus({ url: config.busDatabaseUrl ?? '', log, retentionMs });
  const { kafkaReplicationFactor: replicationFactor, kafkaMinInsync: minInsync } = config;
  return openKafkaBus({
    ...connection(config, config.kafkaBrokers),
    pool: store.pool,
    clientId: store.service,
    log,
    topics: { replicationFactor, minInsync, retentionMs },
    onLost,
  });
}

function connection(config: BusConfig, brokers: readonly string[]): KafkaConnection {
  const { kafkaSsl, kafkaSslCa: ca, kafkaSaslUsername: username, kafkaSaslPassword: password } = config;
  return {
    brokers,
    ...(kafkaSsl && { tls: ca === undefined ? true : { ca } }),
    ...(username !== undefined && password !== undefined && { sasl: { username, password } }),
  };
}
