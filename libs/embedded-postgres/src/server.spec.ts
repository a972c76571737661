import { afterAll, expect, it } from '@jest/globals';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { reachableDataDir, runningPostmaster } from './data-folder.ts';
import { isRoot } from './identity.ts';
import { freePort, startEmbeddedPostgres, stopLeftover } from './server.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'embedded-postgres-spec-'));
await chmod(folder, 0o755);
const dataDir = path.join(folder, 'pg');
const options = { dataDir, logFile: path.join(folder, 'postgres.log'), maxConnections: 20 };
afterAll(async () => {
  await stopLeftover(dataDir);
  await rm(folder, { recursive: true, force: true });
});

const ask = async (url: string, statement: string): Promise<unknown[]> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<Record<string, unknown>>(statement);
  await client.end();
  return rows;
};

it('keeps what was committed over a killed server, and lets nobody in without the password', async () => {
  await mkdir(`${dataDir}.draft`);
  await writeFile(path.join(`${dataDir}.draft`, 'PG_VERSION'), 'left by a start that was killed half way');

  const first = await startEmbeddedPostgres({ ...options, port: await freePort(56_000) });
  await first.ensureDatabase('city');
  await first.ensureDatabase('city');
  await ask(first.url('city'), 'create table kept as select 42 as answer');
  await expect(ask(`postgres://tongchou@127.0.0.1:${first.port}/city`, 'select 1')).rejects.toThrow();
  process.kill(first.pid, 'SIGKILL');
  await first.ended;
  expect(await runningPostmaster(dataDir)).toBeUndefined();

  const again = await startEmbeddedPostgres({ ...options, port: first.port });
  expect(await ask(again.url('city'), 'select answer from kept')).toEqual([{ answer: 42 }]);
  expect(await runningPostmaster(dataDir)).toBe(again.pid);

  expect(await stopLeftover(dataDir)).toBe(true);
  await again.ended;
  expect(await stopLeftover(dataDir)).toBe(false);
});

it('takes no stranger for its server: a number that another process got is not enough', async () => {
  const stale = path.join(folder, 'stale');
  await mkdir(stale);
  await writeFile(path.join(stale, 'postmaster.pid'), `${process.pid}\n${stale}\n`);
  expect(await runningPostmaster(stale)).toBe(process.platform === 'linux' ? undefined : process.pid);
});

it('puts its data elsewhere when the user it runs as may not enter the folder', async () => {
  const closed = path.join(folder, 'closed');
  await mkdir(closed, { mode: 0o700 });
  const wanted = path.join(closed, 'pg');
  const found = await reachableDataDir(wanted, 'spec');
  expect(found === wanted).toBe(!isRoot());
  expect(path.basename(found)).toBe('pg');
});

it('finds the next port when the one asked for is taken', async () => {
  const taken = await startEmbeddedPostgres(options);
  expect(await freePort(taken.port)).toBeGreaterThan(taken.port);
  await taken.stop();
});
