import { mkdtemp, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '@tongchou/embedded-postgres';
import { findTestBroker, needsBroker } from '../kafka/test-broker.ts';

/** One PostgreSQL for the whole run; each spec makes databases of its own in it. Given TEST_DATABASE_URL, that one. */
async function postgres() {
  if (process.env.TEST_DATABASE_URL) return;
  const folder = await mkdtemp(path.join(tmpdir(), 'tongchou-test-'));
  await chmod(folder, 0o755);
  const server = await startEmbeddedPostgres({
    dataDir: path.join(folder, 'pg'),
    logFile: path.join(folder, 'postgres.log'),
    maxConnections: 400,
  });
  process.env.TEST_DATABASE_URL = server.url('postgres');
  globalThis.testPostgres = { server, folder };
}

/** One Kafka for the whole run, where a spec of it asks for one. TEST_KAFKA=required fails a run that has none, off starts none. */
async function kafka(patterns) {
  if (!needsBroker(patterns)) return;
  const off = { missing: 'TEST_KAFKA=off' };
  const broker = process.env.TEST_KAFKA === 'off' ? off : await findTestBroker();
  // Services that specs start must not take the broker for their own.
  delete process.env.KAFKA_BROKERS;
  globalThis.testKafka = broker;
  if ('missing' in broker) {
    if (process.env.TEST_KAFKA === 'required') throw new Error(`This run needs a Kafka broker: ${broker.missing}`);
    process.env.TEST_KAFKA_MISSING = broker.missing;
  } else {
    process.env.TEST_KAFKA_BROKERS = broker.brokers;
    process.env.TEST_KAFKA_FROM = broker.from;
  }
}

export default async function setup({ testPathPatterns }) {
  await postgres();
  await kafka(testPathPatterns.patterns);
}
