import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { commandWords, environmentOf, launchCity, type Settings } from '../start/city-process.ts';
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

/** Runs commands of the house for the city of this state folder. */
export const commandIn =
  (folder: string, settings: Settings): DrillCity['command'] =>
  async (...words) => {
    const child = spawn(process.execPath, commandWords(...words, '--state', folder), {
      cwd: ROOT,
      env: environmentOf(settings),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (said += String(piece)));
    const [code] = await once(child, 'close');
    if (code === 0) return said;
    throw new Error(`npm run ${words.join(' ')} ended with ${code}: ${said.slice(-1_000)}`);
  };

/** The ways into a city that runs. */
export async function doorsOf(state: StateFolder): Promise<Pick<DrillCity, 'door' | 'operators'>> {
  const run = (await readRun(state)) ?? {};
  return { door: doorOf(state, run, 'integrator'), operators: doorOf(state, run, 'auditor') };
}

/** Starts one without the demo on free ports; `settings` are its environment. @throws when it does not come up. */
export async function startDrillCity(folder: string, settings: Settings): Promise<DrillCity> {
  const city = await launchCity(folder, ['--no-demo'], settings);
  try {
    await city.untilReady();
    return { ...(await doorsOf(stateFolder(folder))), command: commandIn(folder, settings), stop: city.stop };
  } catch (error) {
    await city.stop();
    throw error;
  }
}
