import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { freePort } from '@tongchou/embedded-postgres';
import { type Door, doorOf } from '../state/door.ts';
import { readRun } from '../state/run-file.ts';
import { ROOT, type StateFolder, stateFolder } from '../state/state-folder.ts';

/** A whole city, started as a person starts it: `npm start` as a process. */
export interface DrillCity {
  /** Through the gateway: who sends commands, and who looks at the services. */
  readonly door: Door;
  readonly operators: Door;
  /** Runs a command of the house for this city; answers what it printed. @throws when it does not end with 0. */
  command(...words: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

export type Settings = Readonly<Record<string, string>>;

const DOOR = path.join(ROOT, 'tools', 'run.mjs');
const READY = /ready\. Ctrl-C/;
const START_MS = 180_000;
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'JAVA_HOME'];

/** Settings of whoever runs this must not reach its cities. */
export const environmentOf = (settings: Settings): Settings => ({
  ...Object.fromEntries(
    INHERITED.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  ),
  ...settings,
});

function run(words: readonly string[], settings: Settings): { child: ChildProcess; said: () => string } {
  const child = spawn(process.execPath, ['--conditions=@tongchou/source', DOOR, ...words], {
    cwd: ROOT,
    env: environmentOf(settings),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout?.on('data', (piece) => (said += String(piece)));
  child.stderr?.on('data', (piece) => (said += String(piece)));
  return { child, said: () => said };
}

async function untilReady(child: ChildProcess, said: () => string): Promise<void> {
  const ready = Promise.withResolvers<void>();
  const fail = (why: string): void => ready.reject(new Error(`The city ${why}: ${said().slice(-1_000)}`));
  const timer = setTimeout(() => fail('did not start in time'), START_MS);
  child.stdout?.on('data', () => READY.test(said()) && ready.resolve());
  child.once('exit', () => fail('ended at its start'));
  await ready.promise.finally(() => clearTimeout(timer));
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  await ended;
}

/** Runs commands of the house for the city of this state folder. */
export const commandIn =
  (folder: string, settings: Settings): DrillCity['command'] =>
  async (...words) => {
    const { child, said } = run([...words, '--state', folder], settings);
    const [code] = await once(child, 'close');
    if (code === 0) return said();
    throw new Error(`npm run ${words.join(' ')} ended with ${code}: ${said().slice(-1_000)}`);
  };

/** The ways into a city that runs. */
export async function doorsOf(state: StateFolder): Promise<Pick<DrillCity, 'door' | 'operators'>> {
  const run = (await readRun(state)) ?? {};
  return { door: doorOf(state, run, 'integrator'), operators: doorOf(state, run, 'auditor') };
}

/** Starts one without the demo on free ports; `settings` are its environment. @throws when it does not come up. */
export async function startDrillCity(folder: string, settings: Settings): Promise<DrillCity> {
  const port = String(await freePort());
  const { child, said } = run(['start', '--no-demo', '--port-base', port, '--state', folder], settings);
  try {
    await untilReady(child, said);
    return {
      ...(await doorsOf(stateFolder(folder))),
      command: commandIn(folder, settings),
      stop: () => end(child),
    };
  } catch (error) {
    await end(child);
    throw error;
  }
}
