import { chmod, chown, copyFile, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isRoot, UNPRIVILEGED } from '@tongchou/embedded-postgres';
import pg from 'pg';

/** A copy of a running cluster's files. Recovery makes it whole with the log that was archived while it was copied. */
export interface BaseBackup {
  readonly files: number;
  readonly bytes: number;
  /** No earlier moment can be restored from it. */
  readonly endedAt: Date;
}

/** What a server makes anew, and what would mislead it in a copy. */
const LEFT_OUT =
  /^(?:postmaster\.(?:pid|opts)|pg_(?:wal|replslot|dynshmem|notify|serial|snapshots|stat_tmp|subtrans)\/.*)$/;
/** Last, so that it is not older than any other file. */
const CONTROL = path.join('global', 'pg_control');

const isGone = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** Makes it the server's: PostgreSQL refuses folders of others. */
export async function giveToServer(target: string, mode: number): Promise<void> {
  await chmod(target, mode);
  if (isRoot()) await chown(target, UNPRIVILEGED.uid, UNPRIVILEGED.gid);
}

/** Bytes copied; `undefined` for a file that has gone meanwhile, which recovery does not need. */
async function copyOne(source: string, target: string): Promise<number | undefined> {
  try {
    await copyFile(source, target);
    await giveToServer(target, 0o600);
    return (await stat(target)).size;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Copies a folder of a server, which may change meanwhile. */
export async function copyCluster(from: string, to: string): Promise<Pick<BaseBackup, 'files' | 'bytes'>> {
  const entries = (await readdir(from, { recursive: true, withFileTypes: true })).map((entry) => ({
    folder: entry.isDirectory(),
    name: path.relative(from, path.join(entry.parentPath, entry.name)),
  }));
  await mkdir(to, { recursive: true });
  await giveToServer(to, 0o700);
  for (const { name } of entries.filter(({ folder }) => folder).toSorted((a, b) => a.name.length - b.name.length)) {
    await mkdir(path.join(to, name), { recursive: true });
    await giveToServer(path.join(to, name), 0o700);
  }
  const files = entries.filter(({ folder, name }) => !folder && !LEFT_OUT.test(name) && name !== CONTROL);
  const copied: number[] = [];
  for (const { name } of [...files, { name: CONTROL }]) {
    const bytes = await copyOne(path.join(from, name), path.join(to, name));
    if (bytes !== undefined) copied.push(bytes);
  }
  return { files: copied.length, bytes: copied.reduce((sum, bytes) => sum + bytes, 0) };
}

/**
 * Copies the files of a cluster that runs and archives its log, as `pg_basebackup` does where PostgreSQL has it: between
 * `pg_backup_start` and `pg_backup_stop` of one session, which waits until the log of that time is archived.
 */
export async function backUp(url: string, dataDir: string, to: string): Promise<BaseBackup> {
  const client = new pg.Client({ connectionString: url, application_name: 'base backup' });
  await client.connect();
  try {
    await client.query(`select pg_backup_start('drill', fast => true)`);
    const copied = await copyCluster(dataDir, to);
    const { rows } = await client.query<{ label: string; spaces: string; at: Date }>(
      `select labelfile as label, spcmapfile as spaces, clock_timestamp() as at from pg_backup_stop()`,
    );
    const [stopped] = rows;
    if (!stopped) throw new Error('pg_backup_stop answered nothing');
    const written = { backup_label: stopped.label, ...(stopped.spaces && { tablespace_map: stopped.spaces }) };
    for (const [name, text] of Object.entries(written)) {
      await writeFile(path.join(to, name), text);
      await giveToServer(path.join(to, name), 0o600);
    }
    return { ...copied, endedAt: stopped.at };
  } finally {
    await client.end();
  }
}
