import { z } from 'zod';
import type { ConfigFault } from './config-faults.ts';
import { setting, type ConfigOf } from './define-config.ts';
import { daysSetting } from './days-setting.ts';
import { databaseSetting } from './database-setting.ts';

const broker = z.string().regex(/^[\w.-]+:\d{1,5}$|^\[[\da-fA-F:]+\]:\d{1,5}$/);
const brokers = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .pipe(z.array(broker).min(1).max(32));

const MOST_COPIES = 9;

const copies = z.string().regex(/^\d$/).transform(Number).pipe(z.int().min(1).max(MOST_COPIES));

const busDatabase = databaseSetting(
  'BUS_DATABASE_URL',
  'The database of the PostgreSQL bus, one for all services. Needed unless KAFKA_BROKERS is set.',
  'bus',
);

/** How facts travel between services, and how long what was sent and answered is kept. */
export const busSettings = {
  kafkaBrokers: setting({
    name: 'KAFKA_BROKERS',
    about: 'Brokers of the Kafka cluster that carries the facts. Unset: the PostgreSQL bus does.',
    type: brokers.optional(),
    allowed: '1 to 32 of HOST:PORT with commas between',
    example: 'kafka-1:9092,kafka-2:9092,kafka-3:9092',
  }),
  busDatabaseUrl: { ...busDatabase, type: busDatabase.type.optional() },
  kafkaSsl: setting({
    name: 'KAFKA_SSL',
    about: 'Whether the brokers are reached by TLS.',
    type: z
      .enum(['true', 'false'])
      .default('false')
      .transform((text) => text === 'true'),
    allowed: 'true or false',
    example: 'true',
  }),
  kafkaSslCa: setting({
    name: 'KAFKA_SSL_CA',
    about:
      "The certificate of the authority that signed the brokers' certificates. Unset: those that the system trusts.",
    type: z
      .string()
      .refine((text) => text.includes('-----BEGIN CERTIFICATE-----'))
      .optional(),
    allowed: 'a certificate in PEM; mostly as KAFKA_SSL_CA_FILE',
    example: '-----BEGIN CERTIFICATE-----...',
    secret: true,
  }),
  kafkaSaslUsername: setting({
    name: 'KAFKA_SASL_USERNAME',
    about: 'The user that this service is to Kafka (SASL SCRAM-SHA-512); docs/operations/kafka.md lists its rights.',
    type: z.string().max(200).optional(),
    allowed: 'a name, at most 200 characters; with KAFKA_SASL_PASSWORD',
    example: 'projects',
  }),
  kafkaSaslPassword: setting({
    name: 'KAFKA_SASL_PASSWORD',
    about: 'The password of KAFKA_SASL_USERNAME.',
    type: z.string().max(1_000).optional(),
    allowed: 'a password; with KAFKA_SASL_USERNAME',
    example: 'change-me',
    secret: true,
  }),
  kafkaReplicationFactor: setting({
    name: 'KAFKA_REPLICATION_FACTOR',
    about: 'How many brokers hold a copy of a topic that is made here.',
    type: copies.default(3),
    allowed: `a whole number from 1 to ${MOST_COPIES}, at most the number of brokers`,
    example: '3',
  }),
  kafkaMinInsync: setting({
    name: 'KAFKA_MIN_INSYNC',
    about: 'How many copies must be written before a fact counts as published.',
    type: copies.default(2),
    allowed: 'a whole number from 1 to KAFKA_REPLICATION_FACTOR',
    example: '2',
  }),
  busRetentionDays: daysSetting(
    'BUS_RETENTION_DAYS',
    'How long the bus keeps facts; the stores keep them for ever.',
    7,
  ),
};

/** What `busSettings` become. */
export type BusConfig = ConfigOf<typeof busSettings>;

/** What no setting can tell of itself alone. */
export function busFaults(config: BusConfig): ConfigFault[] {
  const { kafkaBrokers, busDatabaseUrl, kafkaSaslUsername: user, kafkaSaslPassword: password } = config;
  const faults: ConfigFault[] = [];
  const fault = (key: keyof typeof busSettings, given: string, allowed: string): void => {
    const { name, example } = busSettings[key];
    faults.push({ name, given, allowed, example });
  };
  if (!kafkaBrokers && busDatabaseUrl === undefined) {
    fault('busDatabaseUrl', 'nothing', 'postgres://USER:PASSWORD@HOST:PORT/DATABASE, unless KAFKA_BROKERS is set');
  }
  if (user !== undefined && password === undefined) {
    fault('kafkaSaslPassword', 'nothing', 'the password of KAFKA_SASL_USERNAME');
  }
  if (user === undefined && password !== undefined) {
    fault('kafkaSaslUsername', 'nothing', 'the user whose password is KAFKA_SASL_PASSWORD');
  }
  if (config.kafkaSslCa !== undefined && !config.kafkaSsl) {
    fault('kafkaSsl', 'false', 'true, or unset KAFKA_SSL_CA');
  }
  if (config.kafkaMinInsync > config.kafkaReplicationFactor) {
    fault(
      'kafkaMinInsync',
      String(config.kafkaMinInsync),
      `at most KAFKA_REPLICATION_FACTOR, which is ${config.kafkaReplicationFactor}`,
    );
  }
  return faults;
}
