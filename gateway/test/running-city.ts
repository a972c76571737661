import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { PRINCIPAL_HEADER, principalSigner, type Role } from '@tongchou/access';
import pg from 'pg';

const DOOR = fileURLToPath(new URL('../../tools/run.mjs', import.meta.url));
const READY_WITHIN_MS = 180_000;
/** Settings of whoever runs the specs; a city of its own takes none of them. */
const OTHERS =
  /^(?:CURRENCY|REFERENCE_DATE|MAIN_REGISTER|DISTRICTS|KAFKA_.*|OIDC_.*|PRINCIPAL_.*|METRICS_TOKEN.*|[A-Z]+_DATABASE_URL|PORT|HOST)$/;

export interface Ended {
  readonly code: number | null;
  readonly out: string;
}

export interface GraphAnswer {
  readonly data: Readonly<Record<string, unknown>>;
  readonly errors?: readonly {
    readonly path: readonly (string | number)[];
    readonly extensions: Readonly<Record<string, unknown>>;
  }[];
}

type App = 'gateway' | 'projects' | 'costs' | 'postgres' | 'issuer';
type Headers = Readonly<Record<string, string>>;
interface Instance {
  readonly url: string;
  readonly pid: number;
}
/** One instance, or a list of several. */
type RunFile = Readonly<Record<App, Instance | readonly Instance[]>>;

/** A whole city as a person runs it: `npm start` and the other commands, as processes, in a state folder of its own. */
export interface RunningCity {
  readonly state: string;
  /** Runs a command to its end; `began` is told its process id. */
  command(words: readonly string[], began?: (pid: number) => void): Promise<Ended>;
  /** Asks with a token of the demo's issuer: the integrator's, or that of another role. */
  ask(query: string, variables?: object, role?: Role): Promise<GraphAnswer>;
  /** Such a token, as `npm run token` prints it. */
  token(role: Role, ...options: readonly string[]): Promise<string>;
  /** Headers for one request to a service itself, as its gateway would send them for this role. */
  signed(service: 'projects' | 'costs', role: Role): Promise<Headers>;
  /** Every event of a service in order of stream and version, without ids and times. */
  events(service: 'projects' | 'costs'): Promise<readonly object[]>;
  /** Of the first instance. */
  pid(app: App): Promise<number>;
  instances(app: App): Promise<readonly Instance[]>;
  close(): Promise<void>;
}

function spawned(words: readonly string[], settings: object): { child: ChildProcess; ended: Promise<Ended> } {
  const inherited = Object.entries(process.env).filter(([name]) => !OTHERS.test(name));
  const env = { ...Object.fromEntries(inherited), ...settings };
  const child = spawn(process.execPath, ['--conditions=@tongchou/source', DOOR, ...words], { env });
  let out = '';
  child.stdout.on('data', (piece) => (out += String(piece)));
  child.stderr.on('data', (piece) => (out += String(piece)));
  const ended = new Promise<Ended>((resolve, fail) => {
    child.once('error', fail);
    child.once('close', (code) => resolve({ code, out }));
  });
  return { child, ended };
}

async function runFile(state: string): Promise<RunFile | undefined> {
  const text = await readFile(path.join(state, 'run.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as RunFile);
}

async function untilReady(state: string, start: { child: ChildProcess; ended: Promise<Ended> }): Promise<void> {
  for (const end = Date.now() + READY_WITHIN_MS; Date.now() < end; await pause(100)) {
    if (start.child.exitCode !== null) throw new Error(`The city ended at its start: ${(await start.ended).out}`);
    if ((await runFile(state)) !== undefined) return;
  }
  throw new Error('The city did not become ready.');
}

const EVENTS = `select stream_id, version, event_type, schema_version, data, metadata->'effectiveOn' as effective_on
  from es.events order by stream_id, version`;

async function eventsAt(url: string): Promise<readonly object[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<object>(EVENTS)).rows;
  } finally {
    await client.end();
  }
}

/** Starts a city and waits until it is ready. `close` stops it and removes its state. */
export async function startCity(options: readonly string[], settings: object = {}): Promise<RunningCity> {
  const state = await mkdtemp(path.join(tmpdir(), 'tongchou-city-'));
  const started = spawned(['start', '--state', state, ...options], settings);
  const run = async (): Promise<RunFile> => {
    const file = await runFile(state);
    if (file === undefined) throw new Error('The city does not run.');
    return file;
  };
  const instances = async (app: App): Promise<readonly Instance[]> => [(await run())[app]].flat();
  const first = async (app: App): Promise<Instance> => {
    const [one] = await instances(app);
    if (one === undefined) throw new Error(`${app} does not run.`);
    return one;
  };
  const close = async (): Promise<void> => {
    started.child.kill('SIGINT');
    await started.ended;
    await spawned(['reset', '--yes', '--state', state], {}).ended;
    await rm(state, { recursive: true, force: true });
  };
  const command: RunningCity['command'] = (words, began) => {
    const { child, ended } = spawned([...words, '--state', state], settings);
    if (child.pid !== undefined) began?.(child.pid);
    return ended;
  };
  const token: RunningCity['token'] = async (role, ...options) => {
    const { code, out } = await command(['token', role, ...options]);
    if (code !== 0) throw new Error(`npm run token ended with ${code}: ${out}`);
    return out.trim();
  };
  const tokens = new Map<Role, Promise<string>>();
  const tokenOf = (role: Role): Promise<string> => {
    const known = tokens.get(role) ?? token(role);
    tokens.set(role, known);
    return known;
  };
  await untilReady(state, started).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    state,
    command,
    token,
    async signed(service, role) {
      const key: unknown = JSON.parse(await readFile(path.join(state, 'principal-signing-key.json'), 'utf8'));
      const requestId = randomUUID();
      const sign = await principalSigner(key as Parameters<typeof principalSigner>[0]);
      const principal = { subject: `demo-${role}`, roles: [role] };
      return { 'x-request-id': requestId, [PRINCIPAL_HEADER]: await sign(principal, service, requestId) };
    },
    async ask(query, variables, role = 'integrator') {
      const authorization = `Bearer ${await tokenOf(role)}`;
      const response = await fetch(`${(await first('gateway')).url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization },
        body: JSON.stringify({ query, variables }),
      });
      return (await response.json()) as GraphAnswer;
    },
    events: async (service) => eventsAt(`${(await first('postgres')).url}/${service}`),
    pid: async (app) => (await first(app)).pid,
    instances,
    close,
  };
}
