import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@tongchou/embedded-postgres';
import pg from 'pg';
import { copyCluster, giveToServer } from './base-backup.ts';

const RECOVERED_WITHIN_MS = 120_000;
const ARCHIVED_WITHIN_MS = 30_000;
const POLL_MS = 100;

async function asked<Row extends object>(url: string, text: string): Promise<Row> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Row>(text);
    if (rows[0]) return rows[0];
    throw new Error(`Nothing was answered to ${text}`);
  } finally {
    await client.end();
  }
}

/** A server whose log is archived segment by segment, as every store's should be. */
export async function startArchiving(folder: string, archive: string): Promise<EmbeddedPostgres> {
  await mkdir(archive, { recursive: true });
  await giveToServer(archive, 0o700);
  return startEmbeddedPostgres({
    dataDir: path.join(folder, 'pg'),
    logFile: path.join(folder, 'postgres.log'),
    maxConnections: 200,
    settings: { archive_mode: 'on', archive_command: `test ! -f ${archive}/%f && cp %p ${archive}/%f` },
  });
}

/** The server's clock now; everything that was committed by then is in the archive when this resolves. */
export async function archivedUntil(server: EmbeddedPostgres): Promise<Date> {
  const url = server.url('postgres');
  const { at, segment } = await asked<{ at: Date; segment: string }>(
    url,
    'select clock_timestamp() as at, pg_walfile_name(pg_switch_wal()) as segment',
  );
  for (const end = Date.now() + ARCHIVED_WITHIN_MS; Date.now() < end; await pause(POLL_MS)) {
    const { last } = await asked<{ last: string | null }>(
      url,
      'select last_archived_wal as last from pg_stat_archiver',
    );
    if (last !== null && last >= segment) return at;
  }
  throw new Error(`The segment ${segment} was not archived in time`);
}

/** Starts a copy of a base backup and rolls it forward to this moment: a history of its own from there on. */
export async function restore(
  backup: string,
  archive: string,
  target: { readonly folder: string; readonly to: Date },
): Promise<EmbeddedPostgres> {
  const dataDir = path.join(target.folder, 'pg');
  await mkdir(target.folder, { recursive: true });
  await copyCluster(backup, dataDir);
  await writeFile(path.join(dataDir, 'recovery.signal'), '');
  await giveToServer(path.join(dataDir, 'recovery.signal'), 0o600);
  const server = await startEmbeddedPostgres({
    dataDir,
    logFile: path.join(target.folder, 'postgres.log'),
    maxConnections: 200,
    settings: {
      restore_command: `cp ${archive}/%f %p`,
      // A server that starts does not know yet what Z is.
      recovery_target_time: target.to.toISOString().replace('T', ' ').replace('Z', '+00'),
      recovery_target_action: 'promote',
    },
  });
  for (const end = Date.now() + RECOVERED_WITHIN_MS; Date.now() < end; await pause(POLL_MS)) {
    const { recovering } = await asked<{ recovering: boolean }>(
      server.url('postgres'),
      'select pg_is_in_recovery() as recovering',
    );
    if (!recovering) return server;
  }
  await server.stop();
  throw new Error(`The restored server does not become writable; its log is ${target.folder}/postgres.log`);
}
