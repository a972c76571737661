import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '@tongchou/embedded-postgres';
import { endChild } from '../state/end-child.ts';
import { ROOT } from '../state/state-folder.ts';

const READY = /ready\. Ctrl-C/;
const START_MS = 180_000;
const STOP_MS = 60_000;
const LAST_LINES = 8;
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'JAVA_HOME', 'DOCKER_HOST'];

export type Settings = Readonly<Record<string, string>>;

/** An environment of these settings alone: databases, days and money of whoever runs a tool must not reach its cities. */
export const environmentOf = (settings: Settings): Settings => ({
  ...Object.fromEntries(
    INHERITED.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  ),
  ...settings,
});

/** How Node is told to run a command of the house. */
export const commandWords = (...words: readonly string[]): string[] => [
  '--conditions=@tongchou/source',
  path.join(ROOT, 'tools', 'run.mjs'),
  ...words,
];

/** A tool's own city, started as a person starts it: `npm start` as a process. */
export interface CityProcess {
  /** Fulfilled when it is ready. @throws Error with what it said last when it is not after three minutes. */
  untilReady(): Promise<void>;
  /** Ctrl-C, waited for by nobody. */
  interrupt(): void;
  /** Ctrl-C, and by force after a minute. */
  stop(): Promise<void>;
}

/** Starts one on free ports with its state in `folder`; `options` are those of `npm start`. */
export async function launchCity(
  folder: string,
  options: readonly string[],
  settings: Settings = {},
): Promise<CityProcess> {
  const words = commandWords('start', '--state', folder, '--port-base', String(await freePort()), ...options);
  const child = spawn(process.execPath, words, {
    cwd: ROOT,
    env: environmentOf(settings),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const interrupt = (): void => void child.kill('SIGINT');
  return {
    async untilReady() {
      const said: string[] = [];
      const timer = setTimeout(interrupt, START_MS);
      try {
        for await (const line of createInterface({ input: child.stdout })) {
          if (READY.test(line)) return;
          said.push(line);
        }
      } finally {
        clearTimeout(timer);
        // What it says later is read and dropped, so that it never waits for a reader.
        child.stdout.resume();
      }
      throw new Error(`The city did not start: ${said.slice(-LAST_LINES).join(' | ')}`);
    },
    interrupt,
    stop: () => endChild(child, STOP_MS, 'SIGINT'),
  };
}
