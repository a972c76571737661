import { z } from 'zod';
import { Problem } from './problem.ts';
import { readJson, type StateFolder } from './state-folder.ts';

const origin = z.string().regex(/^[a-z]+:\/\/[^/]+$/);
const instance = z.object({ url: origin, pid: z.number().int().positive() });
const instances = z.union([instance, z.array(instance).min(1)]);

/** The apps of the city in the order of the street; a service that does not exist yet is left out everywhere. */
export const SERVICES = ['projects', 'costs'] as const;
export type ServiceName = (typeof SERVICES)[number];
export type AppName = 'gateway' | ServiceName;

/** What every city runs, beside PostgreSQL. */
export const APPS = ['gateway', ...SERVICES] as const;

/** What an instance of an app is called; they count from 1. */
export const instanceName = (app: AppName, number: number): string => (number === 1 ? app : `${app}-${number}`);

/** Whether a process of this name is an instance of the app. */
export const isInstanceOf = (app: AppName, name: string): boolean =>
  name === app || (name.startsWith(`${app}-`) && /^\d+$/.test(name.slice(app.length + 1)));

/** `run.json`: who runs where. Several instances of an app are a list. */
export const runFile = z.object({
  gateway: instances.optional(),
  projects: instances.optional(),
  costs: instances.optional(),
  postgres: z.object({ url: origin, pid: z.number().int().positive(), data: z.string().optional() }).optional(),
  /** Who issues the tokens that the gateway believes; with a pid it is the demo's own. */
  issuer: z.object({ url: z.url(), pid: z.number().int().positive().optional() }).optional(),
  bus: z.object({ kind: z.enum(['postgres', 'kafka']), url: origin }).optional(),
  /** The nodes of a Kafka that the city runs itself. */
  kafka: z.array(instance).optional(),
});
export type RunFile = z.infer<typeof runFile>;
export type Instance = z.infer<typeof instance>;

/** What runs in the city, as it says itself; `undefined` when nothing does. */
export async function readRun(city: StateFolder): Promise<RunFile | undefined> {
  for (const file of [city.runFile, city.loadingFile]) {
    const parsed = runFile.safeParse(await readJson(file));
    if (parsed.success) return parsed.data;
  }
  return undefined;
}

/** What runs in the city. @throws Problem when none does. */
export async function runningCity(city: StateFolder): Promise<RunFile> {
  const run = await readRun(city);
  if (!run) throw new Problem(`No city runs with the state ${city.shown}.`, 'Start it: npm start.');
  return run;
}

export function instancesOf(run: RunFile, app: AppName): Instance[] {
  const found = run[app];
  if (!found) return [];
  return Array.isArray(found) ? found : [found];
}

/** One address of the app, the first of several. */
export const addressOf = (run: RunFile, app: AppName): string | undefined => instancesOf(run, app)[0]?.url;

export const isService = (name: string): name is ServiceName => SERVICES.some((service) => service === name);

/** The service that a person named. @throws Problem that lists those there are. */
export function serviceNamed(name: string | undefined): ServiceName {
  if (name !== undefined && isService(name)) return name;
  const given = name === undefined ? 'No service was named.' : `There is no service "${name}".`;
  throw new Problem(given, `Name one of ${SERVICES.join(', ')}.`);
}
