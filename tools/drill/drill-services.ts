import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '@tongchou/embedded-postgres';
import { issuerFiles } from '../issuer/issuer-files.ts';
import { settlePrincipalKeys } from '../issuer/principal-keys.ts';
import { SERVICES } from '../state/run-file.ts';
import { ROOT, type StateFolder, stateFolder, writeJson } from '../state/state-folder.ts';
import { environmentOf, type Settings } from '../start/city-process.ts';
import { endChild } from '../state/end-child.ts';
import { commandIn, doorsOf, type DrillCity } from './drill-city.ts';

const UP_WITHIN_MS = 60_000;
const STOP_MS = 30_000;
const POLL_MS = 100;
const FROM_SOURCE = ['--conditions=@tongchou/source'];

interface Process {
  readonly name: string;
  readonly url: string;
  readonly child: ChildProcess;
}

interface Launch {
  readonly name: string;
  readonly words: readonly string[];
  readonly settings: Settings;
  /** Answers 200 once it is up. */
  readonly probe: string;
}

async function launch(state: StateFolder, { name, words, settings, probe }: Launch): Promise<Process> {
  const port = await freePort();
  const logFile = path.join(state.path, `${name}.log`);
  const log = await open(logFile, 'a');
  const env = { ...environmentOf(settings), PORT: String(port) };
  const child = spawn(process.execPath, words, { env, stdio: ['ignore', log.fd, log.fd] });
  await once(child, 'spawn');
  await log.close();
  const url = `http://127.0.0.1:${port}`;
  for (const end = Date.now() + UP_WITHIN_MS; Date.now() < end && child.exitCode === null; await pause(POLL_MS)) {
    const answer = await fetch(`${url}${probe}`).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) return { name, url, child };
  }
  child.kill('SIGKILL');
  throw new Error(`${name} did not start; its reason stands in ${logFile}`);
}

const end = ({ child }: Process): Promise<void> => endChild(child, STOP_MS);

const serviceLaunch = (state: StateFolder, service: string, settings: Settings): Launch => ({
  name: service,
  words: [path.join(ROOT, 'services', service, 'dist', 'main.js')],
  settings: { ...settings, PRINCIPAL_KEYS_FILE: state.principalKeysFile },
  probe: '/health/startup',
});

const issuerLaunch = (state: StateFolder): Launch => ({
  name: 'issuer',
  words: [...FROM_SOURCE, path.join(ROOT, 'tools', 'issuer', 'main.ts')],
  settings: { TONGCHOU_STATE: state.path },
  probe: '/health/ready',
});

const gatewayLaunch = (state: StateFolder, running: readonly Process[]): Launch => {
  const url = (name: string): string => running.find((one) => one.name === name)?.url ?? '';
  return {
    name: 'gateway',
    words: [path.join(ROOT, 'gateway', 'dist', 'main.js')],
    settings: {
      PROJECTS_URL: url('projects'),
      COSTS_URL: url('costs'),
      OIDC_ISSUER: url('issuer'),
      PRINCIPAL_SIGNING_KEY_FILE: state.signingKeyFile,
    },
    probe: '/health/ready',
  };
};

/**
 * The services behind a gateway, each as a process manager runs it: on a restored store they are up and not ready, until an
 * operator has said what holds. Commands of the house find them by the state folder.
 */
export async function startServices(folder: string, settings: Settings): Promise<DrillCity> {
  await mkdir(folder, { recursive: true });
  const state = stateFolder(folder);
  await Promise.all([settlePrincipalKeys(state), issuerFiles(state)]);
  const running: Process[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(running.filter(({ name }) => name === 'gateway').map(end));
    await Promise.all(running.map(end));
  };
  try {
    const first = [...SERVICES.map((service) => serviceLaunch(state, service, settings)), issuerLaunch(state)];
    const starts = await Promise.allSettled(first.map((one) => launch(state, one)));
    for (const start of starts) if (start.status === 'fulfilled') running.push(start.value);
    for (const start of starts) if (start.status === 'rejected') throw start.reason;
    running.push(await launch(state, gatewayLaunch(state, running)));
  } catch (error) {
    await stop();
    throw error;
  }
  const entries = running.map(({ name, url, child }) => [name, { url, pid: child.pid ?? 0 }] as const);
  await writeJson(state.runFile, Object.fromEntries(entries));
  return { ...(await doorsOf(state)), command: commandIn(folder, settings), stop };
}
