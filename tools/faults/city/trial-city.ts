import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { runningPostmaster } from '@tongchou/embedded-postgres';
import { kafkaClassPath, javaCommand } from '../../kafka/jars.ts';
import type { Role } from '@tongchou/access';
import { answersReady } from '../../start/app-process.ts';
import { launchCity } from '../../start/city-process.ts';
import { tokensOf } from '../../state/door.ts';
import { Problem } from '../../state/problem.ts';
import { markOf, type ProcessMark, stillRuns } from '../../state/processes.ts';
import { type AppName, instancesOf, readRun, type RunFile, type ServiceName } from '../../state/run-file.ts';
import { signedCaller } from '../../state/signed-caller.ts';
import { type StateFolder, stateFolder } from '../../state/state-folder.ts';
import { readSupervisor } from '../../state/supervisor-file.ts';
import { NotHere, type TrialContext } from '../trial.ts';
import type { Address } from './door.ts';
import { DEPARTMENT } from './office-model.ts';
import type { Step } from './step.ts';

/** What a city is killed by: its own processes, found by pid and start time. */
export type Target = AppName | 'postgres' | 'kafka';

export interface CityWish {
  readonly instances?: string;
  /** Settings beside those of a bare environment, such as addresses of databases. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Who sends: with a token through the gateway, signed by the city's key without it. One command has one sender always. */
const SENDERS = {
  integrator: {},
  'cost-engineer': {},
  'department-lead': { departments: [DEPARTMENT] },
} satisfies Partial<Record<Role, object>>;
type Sender = keyof typeof SENDERS;

const OF_SERVICE: Readonly<Record<ServiceName, Sender>> = { projects: 'integrator', costs: 'cost-engineer' };

/** Who may give a command. */
export const senderOf = ({ service, command }: Pick<Step, 'service' | 'command'>): Sender =>
  command === 'CancelProject' ? 'department-lead' : OF_SERVICE[service];

/** The doors of a city for its trials. */
interface Doors {
  graph(as?: Sender): Address;
  bulk(service: ServiceName, as?: Sender): Address;
  /** Past the gateway: an instance of the service itself, at this origin. */
  direct(service: ServiceName, origin: string, as?: Sender): Record<'graph' | 'bulk', Address>;
}

/** A whole city for one trial, started as a person starts it; its supervisor starts again what dies. */
export interface TrialCity extends Doors {
  readonly run: RunFile;
  /** Origins of a service's instances. */
  urls(app: AppName): readonly string[];
  database(service: ServiceName): string;
  /** Processes of this kind that run at this moment. */
  running(target: Target): Promise<readonly ProcessMark[]>;
  /** Waits until every app says that it is ready. @throws when one does not within the time. */
  untilReady(withinMs: number): Promise<void>;
  close(): Promise<void>;
}

async function needKafka(): Promise<void> {
  try {
    await javaCommand();
    await kafkaClassPath();
  } catch (error) {
    if (error instanceof Problem) throw new NotHere(error.message, { cause: error });
    throw error;
  }
}

const belongsTo = (target: Target, name: string): boolean => name === target || name.startsWith(`${target}-`);

async function postgresOf({ postgres }: RunFile): Promise<ProcessMark[]> {
  const pid = postgres?.data === undefined ? undefined : await runningPostmaster(postgres.data);
  const mark = pid === undefined ? undefined : await markOf(pid);
  return mark ? [mark] : [];
}

async function doorsOf(state: StateFolder, run: RunFile): Promise<Doors> {
  const gateway = instancesOf(run, 'gateway')[0]?.url ?? '';
  const token = (role: Sender) => tokensOf(state, run, { role, ...SENDERS[role] });
  const signer = (role: Sender) => signedCaller(state, role, SENDERS[role]);
  const [lead, engineer, machine] = ['department-lead', 'cost-engineer', 'integrator'] as const;
  const tokens = { [lead]: token(lead), [engineer]: token(engineer), [machine]: token(machine) };
  const signed = { [lead]: await signer(lead), [engineer]: await signer(engineer), [machine]: await signer(machine) };
  const behind = (path: string, as: Sender): Address => ({
    url: `${gateway}/${path}`,
    headers: async () => ({ authorization: await tokens[as]() }),
  });
  return {
    graph: (as = machine) => behind('graphql', as),
    bulk: (service, as = OF_SERVICE[service]) => behind(`v1/${service}/commands`, as),
    direct: (service, origin, as = OF_SERVICE[service]) => {
      const headers = (): ReturnType<Address['headers']> => signed[as](service);
      return { graph: { url: `${origin}/graphql`, headers }, bulk: { url: `${origin}/v1/commands`, headers } };
    },
  };
}

/** Starts one without the demo on free ports, on the bus of the trial. It is stopped when the trial ends. */
export async function openTrialCity(context: TrialContext, wish: CityWish = {}): Promise<TrialCity> {
  if (context.bus === 'kafka') await needKafka();
  const folder = path.join(context.folder, 'city');
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  const options = [
    '--no-demo',
    ...(context.bus === 'kafka' ? ['--kafka'] : []),
    ...(wish.instances === undefined ? [] : ['--instances', wish.instances]),
  ];
  const started = await launchCity(folder, options, wish.environment);
  context.atEnd(started.stop);
  await started.untilReady();
  const state = stateFolder(folder);
  const run = await readRun(state);
  if (!run) throw new Error('The city of the trial does not say who runs');
  const urls = (app: AppName): string[] => instancesOf(run, app).map(({ url }) => url);
  const given = wish.environment ?? {};
  return {
    ...(await doorsOf(state, run)),
    run,
    urls,
    database: (service) => given[`${service.toUpperCase()}_DATABASE_URL`] ?? `${run.postgres?.url ?? ''}/${service}`,
    async running(target) {
      if (target === 'postgres') return postgresOf(run);
      const children = (await readSupervisor(state))?.children.filter(({ name }) => belongsTo(target, name)) ?? [];
      const alive = await Promise.all(children.map((mark) => stillRuns(mark)));
      return children.filter((_, index) => alive[index]);
    },
    async untilReady(withinMs) {
      const all = [...urls('gateway'), ...urls('projects'), ...urls('costs')];
      for (const end = Date.now() + withinMs; Date.now() < end; await pause(100)) {
        const ready = await Promise.all(all.map(answersReady));
        if (!ready.includes(false)) return;
      }
      throw new Error(`The city was not ready within ${withinMs / 1_000} s after the faults`);
    },
    close: started.stop,
  };
}

/** Sends a signal to one process of the kind that really runs, and counts it. Undefined when none does at this moment. */
export async function strike(
  context: TrialContext,
  city: TrialCity,
  target: Target,
  signal: NodeJS.Signals,
): Promise<ProcessMark | undefined> {
  const found = await city.running(target);
  const mark = found[Math.floor(context.random() * found.length)];
  if (!mark) return undefined;
  process.kill(mark.pid, signal);
  context.count(`${signal} ${target}`);
  return mark;
}
