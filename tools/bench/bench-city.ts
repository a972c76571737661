import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { freePort } from '@tongchou/embedded-postgres';
import { type Door, doorOf } from '../state/door.ts';
import { instancesOf, readRun, type RunFile } from '../state/run-file.ts';
import { signedCaller } from '../state/signed-caller.ts';
import { ROOT, type StateFolder, stateFolder } from '../state/state-folder.ts';
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

const READY = /ready\. Ctrl-C/;
const START_MS = 180_000;

/** Environment of the city: none of its databases, days or money may come from whoever runs the benchmark. */
const ownEnvironment = (): NodeJS.ProcessEnv => {
  const { PATH, HOME, TMPDIR } = process.env;
  return { ...(PATH && { PATH }), ...(HOME && { HOME }), ...(TMPDIR && { TMPDIR }) };
};

async function untilReady(child: ChildProcess): Promise<void> {
  const said: string[] = [];
  const timer = setTimeout(() => child.kill('SIGINT'), START_MS);
  try {
    if (!child.stdout) throw new Error('The city of the benchmark says nothing');
    for await (const line of createInterface({ input: child.stdout })) {
      if (READY.test(line)) return;
      said.push(line);
    }
  } finally {
    clearTimeout(timer);
    // What it says later is read and dropped, so that it never waits for a reader.
    child.stdout?.resume();
  }
  throw new Error(`The city of the benchmark did not start: ${said.slice(-5).join(' | ')}`);
}

async function end(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null) {
    const ended = once(child, 'exit');
    child.kill('SIGINT');
    await ended;
  }
  await rm(folder, { recursive: true, force: true });
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
  const command = ['--conditions=@tongchou/source', path.join(ROOT, 'tools', 'run.mjs'), 'start'];
  const options = ['--state', folder, '--port-base', String(await freePort()), ...more];
  const child = spawn(process.execPath, [...command, ...options], {
    cwd: ROOT,
    env: ownEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = (): void => void child.kill('SIGINT');
  process.once('exit', stop);
  child.once('exit', () => process.off('exit', stop));
  try {
    await untilReady(child);
    const firstFigureMs = performance.now() - began;
    return { ...(await doorsOf(stateFolder(folder))), firstFigureMs, close: () => end(child, folder) };
  } catch (error) {
    await end(child, folder);
    throw error;
  }
}
