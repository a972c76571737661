import { execFile, spawn } from 'node:child_process';
import { access, chmod, chown, mkdir, open, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { binaries, isRoot, UNPRIVILEGED } from './binaries.ts';

export interface EmbeddedPostgres {
  readonly port: number;
  readonly pid: number;
  readonly dataDir: string;
  /** Address of one database of this server. */
  url(database: string): string;
  /** Creates the database when it is missing. */
  ensureDatabase(database: string): Promise<void>;
  /** Fast shutdown: open transactions are rolled back, everything committed is on disk. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Made and initialised when empty. */
  readonly dataDir: string;
  /** A free one is found when not given. */
  readonly port?: number;
  readonly logFile: string;
  readonly maxConnections?: number;
  /** Further settings for the command line, e.g. `{ wal_level: 'minimal' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

const USER = 'tongchou';
const run = promisify(execFile);
const identity = (): { uid?: number; gid?: number } => (isRoot() ? UNPRIVILEGED : {});

/** A TCP port on loopback that nobody listens on at this moment. */
export function freePort(from = 0): Promise<number> {
  return new Promise((resolve, fail) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' && from > 0) resolve(freePort(from + 1));
      else fail(error);
    });
    probe.listen(from, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : from));
    });
  });
}

async function initialise(bin: string, dataDir: string): Promise<void> {
  const done = await access(path.join(dataDir, 'PG_VERSION')).then(
    () => true,
    () => false,
  );
  if (done) return;
  await mkdir(dataDir, { recursive: true });
  await chmod(dataDir, 0o700);
  if (isRoot()) await chown(dataDir, UNPRIVILEGED.uid, UNPRIVILEGED.gid);
  const options = ['-D', dataDir, '-U', USER, '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'];
  await run(path.join(bin, 'initdb'), options, { ...identity(), cwd: '/' }).catch(async (cause: Error) => {
    await rm(path.join(dataDir, 'PG_VERSION'), { force: true });
    throw new Error(`PostgreSQL could not be initialised in ${dataDir}: ${cause.message}`, { cause });
  });
}

async function accepts(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
  client.on('error', () => undefined);
  return client.connect().then(
    async () => {
      await client.end();
      return true;
    },
    () => false,
  );
}

async function launch(bin: string, port: number, options: EmbeddedPostgresOptions): Promise<number> {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: String(options.maxConnections ?? 200),
    ...options.settings,
  };
  await mkdir(path.dirname(options.logFile), { recursive: true });
  const log = await open(options.logFile, 'a');
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // A group of its own: Ctrl-C on the terminal must reach the services first, PostgreSQL last and by name.
  const child = spawn(path.join(bin, 'postgres'), ['-D', options.dataDir, '-p', String(port), ...flags], {
    ...identity(),
    cwd: '/',
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
  });
  await new Promise<void>((resolve, fail) => child.once('spawn', resolve).once('error', fail));
  child.unref();
  await log.close();
  if (child.pid === undefined) throw new Error('PostgreSQL did not start');
  return child.pid;
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function untilGone(pid: number, withinMs: number): Promise<boolean> {
  for (const end = Date.now() + withinMs; Date.now() < end; await pause(25)) if (!alive(pid)) return true;
  return !alive(pid);
}

async function ensureDatabase(url: string, database: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [database]);
    if (found.rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
}

/** The pid written by a server that runs, or was killed, in this data folder. */
export async function postmasterPid(dataDir: string): Promise<number | undefined> {
  const text = await readFile(path.join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

/**
 * Starts PostgreSQL on loopback in a process group of its own and waits until it answers. The process outlives this one
 * unless stopped.
 *
 * @throws when no binaries exist for this machine, or when it does not answer within 60 s: the error names the log.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const bin = await binaries();
  await initialise(bin, options.dataDir);
  const port = options.port ?? (await freePort());
  const pid = await launch(bin, port, options);
  const url = (database: string): string => `postgres://${USER}@127.0.0.1:${port}/${database}`;
  for (const end = Date.now() + 60_000; !(await accepts(url('postgres'))); await pause(50)) {
    if (alive(pid) && Date.now() < end) continue;
    throw new Error(`PostgreSQL did not answer on port ${port}; its reason stands in ${options.logFile}`);
  }
  return {
    port,
    pid,
    dataDir: options.dataDir,
    url,
    ensureDatabase: (database) => ensureDatabase(url('postgres'), database),
    async stop() {
      if (alive(pid)) process.kill(pid, 'SIGINT');
      if (!(await untilGone(pid, 20_000)) && alive(pid)) process.kill(pid, 'SIGQUIT');
      await untilGone(pid, 5_000);
    },
  };
}
