import { rm } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { launchCity } from '../start/city-process.ts';
import { type Door, doorOf } from '../state/door.ts';
import { instancesOf, readRun, type RunFile } from '../state/run-file.ts';
import { signedCaller } from '../state/signed-caller.ts';
import { type StateFolder, stateFolder } from '../state/state-folder.ts';
import { temporaryFolder } from './fresh-server.ts';
import type { BulkDoor } from './send.ts';

/** A whole city for one benchmark, started as a person starts it, in a temporary state folder. */
export interface BenchCity {
  readonly run: RunFile;
  /** Through the gateway, with tokens of the demo's issuer: for questions, and for the operators' routes. */
  readonly door: Door;
  readonly operators: Door;
  /** The bulk doors of projects themselves, one an instance: without the gateway's share, as they were always measured. */
  readonly bulkDoors: readonly BulkDoor[];
  /** From the command until its first figure stood on the screen. */
  readonly firstFigureMs: number;
  /** Stops all processes and removes the state. */
  close(): Promise<void>;
}

async function doorsOf(state: StateFolder): Promise<Omit<BenchCity, 'firstFigureMs' | 'close'>> {
  const run = await readRun(state);
  if (!run) throw new Error('The city of the benchmark does not say who runs');
  const caller = await signedCaller(state, 'integrator');
  return {
    run,
    door: doorOf(state, run, 'integrator'),
    operators: doorOf(state, run, 'auditor'),
    bulkDoors: instancesOf(run, 'projects').map(({ url }) => ({ url, headers: () => caller('projects') })),
  };
}

/** Starts one with the demo on free ports; `more` options of `npm start`. @throws Error when it does not come up in three minutes. */
export async function openBenchCity(more: readonly string[] = []): Promise<BenchCity> {
  const folder = await temporaryFolder();
  const began = performance.now();
  const city = await launchCity(folder, more);
  process.once('exit', city.interrupt);
  const close = async (): Promise<void> => {
    process.off('exit', city.interrupt);
    await city.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await city.untilReady();
    const firstFigureMs = performance.now() - began;
    return { ...(await doorsOf(stateFolder(folder))), firstFigureMs, close };
  } catch (error) {
    await close();
    throw error;
  }
}
