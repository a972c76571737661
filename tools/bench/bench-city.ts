import { mkdtemp, rm, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '@tongchou/embedded-postgres';
import { buildAll } from '../build/build.ts';
import { addressOf, instancesOf, type AppName } from '../state/run-file.ts';
import { stateFolder, type StateFolder } from '../state/state-folder.ts';
import { City } from '../start/city.ts';
import { settlePlace } from '../start/postgres-process.ts';

/** A whole city for one benchmark: real processes, an empty store, a temporary state folder. */
export interface BenchCity {
  readonly state: StateFolder;
  /** An app's origin. */
  url(app: AppName): string;
  pid(app: AppName): number;
  /** Address of one of the city's databases. */
  database(name: string): string;
  readonly postmaster: number;
  /** Stops all processes and removes the state. */
  close(): Promise<void>;
}

const SETTINGS = { currency: 'USD', referenceDate: '2018-08-31', mainRegister: 'bench', demo: 'none' } as const;

function found<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new Error(`The city of the benchmark has no ${what}`);
  return value;
}

/** A folder that PostgreSQL's user may enter, gone after the benchmark. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tongchou-bench-'));
  await chmod(folder, 0o755);
  return folder;
}

/** Starts one on free ports; its databases are empty and keep what they acknowledge, as every city's. */
export async function openBenchCity(say: (line: string) => void): Promise<BenchCity> {
  await buildAll();
  const folder = await temporaryFolder();
  const state = stateFolder(folder);
  const postgres = await settlePlace(state);
  const city = new City({ state, settings: SETTINGS, portBase: await freePort(), postgres, say });
  const close = async (): Promise<void> => {
    await city.goDown();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    // Databases that a person's environment names are no place for a benchmark.
    await city.openDatabases({});
    await city.startApps();
    await city.enter('ready');
  } catch (error) {
    await close();
    throw error;
  }
  const run = city.describe();
  const server = found(run.postgres, 'PostgreSQL');
  return {
    state,
    url: (app) => found(addressOf(run, app), app),
    pid: (app) => found(instancesOf(run, app)[0], app).pid,
    database: (name) => `${server.url}/${name}`,
    postmaster: server.pid,
    close,
  };
}
