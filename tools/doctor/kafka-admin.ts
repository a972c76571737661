import { readFile } from 'node:fs/promises';
import kafkajs, { type Admin } from 'kafkajs';
import { reasonOf } from '../state/problem.ts';
import type { Given } from '../state/settings.ts';

const CONNECT_MS = 3_000;
const WITHIN_MS = 10_000;

type Security = Pick<ConstructorParameters<typeof kafkajs.Kafka>[0], 'ssl' | 'sasl'>;

async function secret(environment: Given, name: string): Promise<string | undefined> {
  const file = environment[`${name}_FILE`];
  return environment[name] ?? (file ? (await readFile(file, 'utf8')).trim() : undefined);
}

/** How the services of this environment prove themselves to a broker; nothing where it names none: our own asks for none. */
export async function kafkaSecurity(environment: Given): Promise<Security> {
  if (!environment['KAFKA_BROKERS']) return {};
  const ca = await secret(environment, 'KAFKA_SSL_CA');
  const username = environment['KAFKA_SASL_USERNAME'];
  const password = await secret(environment, 'KAFKA_SASL_PASSWORD');
  return {
    ...(environment['KAFKA_SSL'] === 'true' && { ssl: ca === undefined ? true : { ca: [ca] } }),
    ...(username !== undefined &&
      password !== undefined && { sasl: { mechanism: 'scram-sha-512', username, password } }),
  };
}

/** Nothing that a broker leaves open holds the doctor up. */
async function within<Result>(work: Promise<Result>): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${WITHIN_MS / 1000} s`)), WITHIN_MS);
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

export interface Refused {
  /** Why there is no answer. */
  readonly refused: string;
}

/** Asks these brokers; an answer, or why there is none. */
export async function askKafka<Answer>(
  brokers: readonly string[],
  security: Security,
  question: (admin: Admin) => Promise<Answer>,
): Promise<Answer | Refused> {
  // kafkajs sets a timer into the past, which Node remarks on for all to read.
  process.removeAllListeners('warning');
  const client = new kafkajs.Kafka({
    clientId: 'doctor',
    brokers: [...brokers],
    connectionTimeout: CONNECT_MS,
    authenticationTimeout: CONNECT_MS,
    requestTimeout: CONNECT_MS,
    retry: { retries: 4, initialRetryTime: 200, maxRetryTime: 1_000 },
    logLevel: kafkajs.logLevel.NOTHING,
    ...security,
  });
  const admin = client.admin();
  try {
    return await within(admin.connect().then(() => question(admin)));
  } catch (error) {
    return { refused: reasonOf(error) };
  } finally {
    void within(admin.disconnect()).catch(() => undefined);
  }
}
