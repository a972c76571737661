import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '@tongchou/embedded-postgres';
import { SERVICES, type ServiceName } from '../state/run-file.ts';
import { ROOT, stateFolder, writeJson } from '../state/state-folder.ts';
import { commandIn, type DrillCity, environmentOf, type Settings } from './drill-city.ts';

const UP_WITHIN_MS = 60_000;
const POLL_MS = 100;

interface Process {
  readonly service: ServiceName;
  readonly url: string;
  readonly child: ChildProcess;
}

async function launch(service: ServiceName, folder: string, settings: Settings): Promise<Process> {
  const port = await freePort();
  const log = await open(path.join(folder, `${service}.log`), 'a');
  const script = path.join(ROOT, 'services', service, 'dist', 'main.js');
  const env = { ...environmentOf(settings), PORT: String(port) };
  const child = spawn(process.execPath, [script], { env, stdio: ['ignore', log.fd, log.fd] });
  await once(child, 'spawn');
  await log.close();
  return { service, url: `http://127.0.0.1:${port}`, child };
}

async function untilUp({ service, url, child }: Process, folder: string): Promise<void> {
  for (const end = Date.now() + UP_WITHIN_MS; Date.now() < end && child.exitCode === null; await pause(POLL_MS)) {
    const answer = await fetch(`${url}/health/startup`).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) return;
  }
  throw new Error(`${service} did not start; its reason stands in ${folder}/${service}.log`);
}

async function end({ child }: Process): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

/**
 * The services alone, as a process manager runs them: on a restored store they are up and not ready, until an operator has
 * said what holds. Commands of the house find them by the state folder.
 */
export async function startServices(folder: string, settings: Settings): Promise<DrillCity> {
  await mkdir(folder, { recursive: true });
  const running: Process[] = [];
  const stop = async (): Promise<void> => void (await Promise.all(running.map(end)));
  try {
    for (const service of SERVICES) running.push(await launch(service, folder, settings));
    await Promise.all(running.map((each) => untilUp(each, folder)));
  } catch (error) {
    await stop();
    throw error;
  }
  const entries = running.map(({ service, url, child }) => [service, { url, pid: child.pid ?? 0 }] as const);
  await writeJson(stateFolder(folder).runFile, Object.fromEntries(entries));
  return {
    url: (app) => running.find(({ service }) => service === app)?.url ?? '',
    command: commandIn(folder, settings),
    stop,
  };
}
