import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import {
  type EmbeddedPostgres,
  reachableDataDir,
  startEmbeddedPostgres,
  stopLeftover,
} from '@tongchou/embedded-postgres';
import { z } from 'zod';
import { markOf } from '../state/processes.ts';
import { readJson, type StateFolder, writeJson } from '../state/state-folder.ts';
import type { Running } from './keeper.ts';

const FIRST_PORT = 54_320;
/** For clients other than services, and what an instance of a service holds at most: pool, bus, leaders. */
const CONNECTIONS = { others: 140, perService: 30 };

const place = z.object({ dataDir: z.string(), port: z.number().int() });

/** Where the city's embedded PostgreSQL lives; the same at every start. */
export type PostgresPlace = z.infer<typeof place>;

export async function knownPlace(city: StateFolder): Promise<PostgresPlace | undefined> {
  const known = place.safeParse(await readJson(city.postgresFile));
  return known.success ? known.data : undefined;
}

/** Settles where the data lies, and keeps it: inside the state, or elsewhere where PostgreSQL may not enter it. */
export async function settlePlace(city: StateFolder): Promise<PostgresPlace> {
  await mkdir(city.path, { recursive: true });
  const known = await knownPlace(city);
  const name = createHash('sha1').update(city.path).digest('hex').slice(0, 12);
  const dataDir = known?.dataDir ?? (await reachableDataDir(path.join(city.path, 'pg'), name));
  const settled = { dataDir, port: known?.port ?? FIRST_PORT };
  await writeJson(city.postgresFile, settled);
  await stopLeftover(dataDir);
  return settled;
}

export interface RunningPostgres extends Running {
  readonly server: EmbeddedPostgres;
}

export interface PostgresLaunch {
  /** On the next free port where its own is taken, which is then kept; later starts stay where the services know it. */
  readonly mayMove: boolean;
  /** Instances of services that connect to it. */
  readonly services: number;
}

/** Starts the embedded server in its place. */
export async function launchPostgres(
  city: StateFolder,
  at: PostgresPlace,
  { mayMove, services }: PostgresLaunch,
): Promise<RunningPostgres> {
  await stopLeftover(at.dataDir);
  const { dataDir } = at;
  const server = await startEmbeddedPostgres({
    dataDir,
    ...(mayMove ? { portFrom: at.port } : { port: at.port }),
    logFile: city.logFile('postgres'),
    maxConnections: CONNECTIONS.others + services * CONNECTIONS.perService,
  });
  await writeJson(city.postgresFile, { dataDir, port: server.port } satisfies PostgresPlace);
  const mark = (await markOf(server.pid)) ?? { pid: server.pid, started: '' };
  return {
    server,
    mark,
    ready: Promise.resolve(true),
    ended: server.ended.then(() => 'ended'),
    stop: () => server.stop(),
  };
}
