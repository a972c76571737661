import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Problem } from '../state/problem.ts';
import { instancesOf, readRun, serviceNamed } from '../state/run-file.ts';
import type { StateFolder } from '../state/state-folder.ts';
import { runningSupervisor } from '../state/supervisor-file.ts';
import { answersReady } from './app-process.ts';

const READY_WITHIN_MS = 90_000;

/** Starts a stopped service of a running city again: its supervisor does, when the file that says "stopped" is gone. */
export async function startOnly(city: StateFolder, named: string): Promise<number> {
  const service = serviceNamed(named);
  if (!(await runningSupervisor(city))) {
    throw new Problem(
      `No city runs with the state ${city.shown}, so ${service} has no place in it.`,
      'Start all: npm start.',
    );
  }
  await rm(path.join(city.stoppedFolder, service), { force: true });
  for (const end = Date.now() + READY_WITHIN_MS; Date.now() < end; await pause(200)) {
    const urls = instancesOf((await readRun(city)) ?? {}, service).map(({ url }) => url);
    if (urls.length === 0 || (await Promise.all(urls.map(answersReady))).includes(false)) continue;
    console.log(`${service} runs at ${urls.join(', ')}.`);
    return 0;
  }
  throw new Problem(`${service} did not become ready.`, `Its reason stands in ${city.logFile(service)}.`);
}
