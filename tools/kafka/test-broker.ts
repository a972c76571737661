import { existsSync, globSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { KafkaContainer } from '@testcontainers/kafka';
import { reasonOf } from '../state/problem.ts';
import { ROOT } from '../state/state-folder.ts';
import { startKafka } from './cluster.ts';

const IMAGE = 'confluentinc/cp-kafka:8.0.0';
const CLIENT_PORT = 9093;

/** The broker of a test run. */
export interface TestBroker {
  readonly brokers: string;
  /** For the line below the summary. */
  readonly from: string;
  stop(): Promise<void>;
}

/** Whether specs that need a broker are among those that a run chose; without patterns a run chooses all. */
export function needsBroker(patterns: readonly string[]): boolean {
  const specs = globSync('{libs,services,gateway,tools}/**/*kafka*.spec.ts', {
    cwd: ROOT,
    exclude: (name) => name === 'node_modules' || name === 'dist',
  });
  const chosen = patterns.map((pattern) => new RegExp(pattern, 'i'));
  return specs.some((spec) => chosen.length === 0 || chosen.some((one) => one.test(path.join(ROOT, spec))));
}

async function byDocker(): Promise<TestBroker> {
  const container = await new KafkaContainer(IMAGE)
    .withEnvironment({
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
    })
    .start();
  return {
    brokers: `${container.getHost()}:${container.getMappedPort(CLIENT_PORT)}`,
    from: `${IMAGE} in Docker`,
    stop: async () => void (await container.stop()),
  };
}

async function byJava(): Promise<TestBroker> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tongchou-kafka-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const cluster = await startKafka({ folder, say: (line) => console.log(line) });
    const stop = async (): Promise<void> => {
      await cluster.stop();
      await remove();
    };
    return { brokers: cluster.brokers, from: 'Apache Kafka of tools/kafka, by Java and Maven', stop };
  } catch (error) {
    await remove();
    throw error;
  }
}

const dockerIsHere = (): boolean => Boolean(process.env['DOCKER_HOST']) || existsSync('/var/run/docker.sock');

/**
 * A broker for a test run: the one that `KAFKA_BROKERS` names, else one in Docker, else one by Java and Maven. Without any
 * of them, why.
 */
export async function findTestBroker(): Promise<TestBroker | { readonly missing: string }> {
  const given = process.env['KAFKA_BROKERS'];
  if (given) return { brokers: given, from: `KAFKA_BROKERS=${given}`, stop: async () => undefined };
  const reasons = dockerIsHere() ? [] : ['no Docker'];
  for (const attempt of dockerIsHere() ? [byDocker, byJava] : [byJava]) {
    try {
      return await attempt();
    } catch (error) {
      reasons.push(reasonOf(error).replace(/\.$/, ''));
    }
  }
  return { missing: reasons.join('; ') };
}
