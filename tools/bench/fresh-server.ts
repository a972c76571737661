import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '@tongchou/embedded-postgres';

/** A PostgreSQL of the benchmarks' own, with the durability that every city has. */
export interface FreshServer {
  /** Makes an empty database and answers its address. */
  database(name: string): Promise<string>;
  /** Stops it and removes its data. */
  close(): Promise<void>;
}

/** A folder that PostgreSQL's user may enter. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tongchou-bench-'));
  await chmod(folder, 0o755);
  return folder;
}

export async function openFreshServer(): Promise<FreshServer> {
  const folder = await temporaryFolder();
  const server = await startEmbeddedPostgres({
    dataDir: path.join(folder, 'pg'),
    logFile: path.join(folder, 'postgres.log'),
    maxConnections: 200,
  });
  return {
    async database(name) {
      await server.ensureDatabase(name);
      return server.url(name);
    },
    async close() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
