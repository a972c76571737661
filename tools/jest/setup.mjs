import { mkdtemp, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '@tongchou/embedded-postgres';

/** One PostgreSQL for the whole run; each spec makes databases of its own in it. Given TEST_DATABASE_URL, that one. */
export default async function setup() {
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
