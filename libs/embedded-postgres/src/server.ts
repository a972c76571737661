import { spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { binaries } from './binaries.ts';
import { alive, initialise, passwordOf, ROLE, runningPostmaster } from './data-folder.ts';
import { serverIdentity } from './identity.ts';

export interface EmbeddedPostgres {
  readonly port: number;
  readonly pid: number;
  readonly dataDir: string;
  /** Fulfilled when the server has ended, however that came about. */
  readonly ended: Promise<void>;
  /** Address of one database of this server, with the password. */
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
  /** Instead of `port`: this one, or the next free one, looked for at the last moment. */
  readonly portFrom?: number;
  readonly logFile: string;
  readonly maxConnections?: number;
  /** Further settings for the command line, e.g. `{ wal_level: 'minimal' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Further names for its environment, e.g. a clock of its own. */
  readonly environment?: Readonly<Record<string, string>>;
}

interface Launched {
  readonly pid: number;
  readonly ended: Promise<void>;
}

/** A TCP port on loopback that nobody listens on at this moment: `from` or the next free one; any when not given. */
export function freePort(from = 0): Promise<number> {
  return new Promise((resolve, fail) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      const next = from + 1;
      if (['EADDRINUSE', 'EACCES'].includes(error.code ?? '') && from > 0 && next < 65_536) resolve(freePort(next));
      else fail(error);
    });
    probe.listen(from, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : from));
    });
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

async function launch(bin: string, port: number, options: EmbeddedPostgresOptions): Promise<Launched> {
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
    ...serverIdentity(),
    cwd: '/',
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC', ...options.environment },
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, fail) => child.once('spawn', resolve).once('error', fail));
  child.unref();
  await log.close();
  if (child.pid === undefined) throw new Error('PostgreSQL did not start');
  return { pid: child.pid, ended };
}

async function untilGone(pid: number, withinMs: number): Promise<boolean> {
  for (const end = Date.now() + withinMs; Date.now() < end; await pause(25)) if (!alive(pid)) return true;
  return !alive(pid);
}

/** Fast shutdown, and when that takes longer than `graceMs`, an immediate one: the next start recovers from the log. */
async function shutDown(pid: number, graceMs: number): Promise<void> {
  if (alive(pid)) process.kill(pid, 'SIGINT');
  if (!(await untilGone(pid, graceMs)) && alive(pid)) process.kill(pid, 'SIGQUIT');
  await untilGone(pid, 5_000);
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

/** Stops the server that a killed run left in this data folder; true when there was one. */
export async function stopLeftover(dataDir: string): Promise<boolean> {
  const pid = await runningPostmaster(dataDir);
  if (pid === undefined) return false;
  await shutDown(pid, 10_000);
  return true;
}

async function untilAnswers(url: string, pid: number, options: EmbeddedPostgresOptions): Promise<void> {
  for (const end = Date.now() + 60_000; !(await accepts(url)); await pause(50)) {
    if (alive(pid) && Date.now() < end) continue;
    if (alive(pid)) await shutDown(pid, 1_000);
    throw new Error(`PostgreSQL did not answer; its reason stands in ${options.logFile}`);
  }
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
  const password = await passwordOf(options.dataDir);
  const port = options.port ?? (await freePort(options.portFrom));
  const { pid, ended } = await launch(bin, port, options);
  const url = (database: string): string => `postgres://${ROLE}:${password}@127.0.0.1:${port}/${database}`;
  await untilAnswers(url('postgres'), pid, options);
  return {
    port,
    pid,
    dataDir: options.dataDir,
    ended,
    url,
    ensureDatabase: (database) => ensureDatabase(url('postgres'), database),
    stop: () => shutDown(pid, 20_000),
  };
}
