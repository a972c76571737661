import { spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { askCity } from '../state/ask-city.ts';
import type { Door } from '../state/door.ts';
import { Problem } from '../state/problem.ts';
import { type DemoSettings, keepSettings, readSettings, type Settings } from '../state/settings.ts';
import { ROOT, type StateFolder } from '../state/state-folder.ts';

const PROFILE = 'nyc-capital-projects';

/** What ships with the house: New York's own register of its capital works, and the last day it speaks of. */
export const DEMO: DemoSettings & { readonly file: string; readonly profile: string } = {
  profile: PROFILE,
  file: path.join(ROOT, 'data', 'nyc-capital-projects-2013-2018.csv'),
  currency: 'USD',
  referenceDate: '2018-08-31',
  mainRegister: PROFILE,
  districts: 'Bronx, Brooklyn, Manhattan, Queens, Staten Island',
};

const TRIES = 5;
const PAUSE_MS = 1_000;

async function importOnce({ state: city, token, told: signal }: DemoContext): Promise<string | undefined> {
  const door = fileURLToPath(new URL('../run.mjs', import.meta.url));
  const words = [
    'import',
    PROFILE,
    DEMO.file,
    '--state',
    city.path,
    '--brief',
    ...(token === undefined ? [] : ['--token', token]),
  ];
  const child = spawn(process.execPath, ['--conditions=@tongchou/source', door, ...words], { stdio: 'inherit' });
  const stop = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  const how = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, by) =>
      resolve(code === 0 ? undefined : by ? `ended by ${by}` : `ended with code ${code}`),
    );
  });
  signal.removeEventListener('abort', stop);
  return how;
}

/** Started again when it is killed: what it had sent already counts as repeated. */
async function importAll(context: DemoContext): Promise<void> {
  const { told: signal, say } = context;
  for (let tries = 1; !signal.aborted; tries += 1) {
    const how = await importOnce(context);
    if (how === undefined || signal.aborted) return;
    if (tries === TRIES) {
      throw new Problem(`The demo could not be loaded: the import ${how}.`, 'Start again: it goes on where it ended.');
    }
    say(`the import ${how}; starting it again`);
    await pause(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}

const count = z.object({ works: z.object({ totalCount: z.number() }) });

async function storeIsEmpty(door: Door): Promise<boolean> {
  const { data } = await askCity(door, '{ works(first: 1) { totalCount } }', count);
  return data.works.totalCount === 0;
}

export interface DemoContext {
  readonly state: StateFolder;
  readonly door: Door;
  /** Who imports, where it is not the demo issuer's integrator. */
  readonly token: string | undefined;
  readonly told: AbortSignal;
  readonly say: (line: string) => void;
}

/** Whether the demo belongs into this city now; says why not where a person may have expected it. */
async function isDue({ state, door, say }: DemoContext, kept: Settings): Promise<boolean> {
  if (kept.demo === 'loading') return true;
  if (kept.demo === 'loaded' || !(await storeIsEmpty(door))) return false;
  if (kept.currency === DEMO.currency) return true;
  say(`no demo: the money of this city is ${kept.currency}, the demo's ${DEMO.currency}. A city for it: npm run reset`);
  say(`(it empties ${state.shown}), or npm start -- --state DIR`);
  return false;
}

/**
 * Loads the demo into an empty store, or goes on where a start that was killed had left it. The import is a process of its
 * own, which gives its memory back.
 */
export async function bringDemo(context: DemoContext, entering: () => Promise<void>): Promise<void> {
  const { state, told, say } = context;
  const kept = await readSettings(state);
  if (!kept || !(await isDue(context, kept))) return;
  await keepSettings(state, { ...kept, demo: 'loading' });
  await entering();
  say(`loading the demo: ${DEMO.profile}, the works that New York reported from 2013 to 2018`);
  await importAll(context);
  if (!told.aborted) await keepSettings(state, { ...kept, demo: 'loaded' });
}
