import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '@tongchou/embedded-postgres';
import { type AppName, type RunFile, SERVICES, type ServiceName } from '../state/run-file.ts';
import { ROOT, type StateFolder, writeJson } from '../state/state-folder.ts';
import type { Settings } from '../state/settings.ts';
import { markOf, type ProcessMark } from '../state/processes.ts';
import type { Phase, SupervisorFile } from '../state/supervisor-file.ts';
import { type AppPlan, launchApp, urlOf } from './app-process.ts';
import { allDatabases, givenDatabases, needsEmbedded, originOf } from './databases.ts';
import { Keeper } from './keeper.ts';
import { nodeFlags } from './node-flags.ts';
import { choosePorts, type Place } from './ports.ts';
import { launchPostgres, type PostgresPlace, type RunningPostgres } from './postgres-process.ts';

const GRACE_MS = { gateway: 4_000, service: 8_000 };
const LOOK_MS = 200;
const PORT_TRIES = 5;
/** What every city runs, beside PostgreSQL. */
export const APPS = ['gateway', ...SERVICES] as const;

const isTaken = async (port: number): Promise<boolean> => (await freePort(port)) !== port;

type Urls = Awaited<ReturnType<typeof allDatabases>>;

export interface CityPlan {
  readonly state: StateFolder;
  readonly settings: Settings;
  readonly portBase: number;
  readonly postgres: PostgresPlace;
  readonly say: (line: string) => void;
}

/** The city's processes, kept running until it goes down; its files say at any moment who runs where. */
export class City {
  readonly #plan: CityPlan;
  readonly #postgres: Keeper;
  readonly #apps = new Map<AppName, Keeper>();
  readonly #supervisor: Promise<ProcessMark | undefined> = markOf(process.pid);
  #places: readonly Place[] = [];
  #server: RunningPostgres['server'] | undefined;
  #embedded = false;
  #urls: Urls | undefined;
  #phase: Phase = 'starting';
  #writing: Promise<void> = Promise.resolve();
  readonly #down = new AbortController();

  constructor(plan: CityPlan) {
    this.#plan = plan;
    const logFile = plan.state.logFile('postgres');
    this.#postgres = new Keeper({
      name: 'PostgreSQL',
      logFile,
      launch: async () => {
        const { dataDir, port } = plan.postgres;
        const at = { dataDir, port: this.#server?.port ?? port };
        const running = await launchPostgres(plan.state, at, this.#server === undefined);
        this.#server = running.server;
        return running;
      },
      changed: () => void this.#record(),
      say: plan.say,
    });
  }

  /** Databases first: those that were given, the others in the embedded server. */
  async openDatabases(environment: NodeJS.ProcessEnv): Promise<void> {
    const given = await givenDatabases(environment);
    this.#embedded = needsEmbedded(given);
    if (this.#embedded) await this.#postgres.start();
    this.#urls = await allDatabases(given, this.#server);
  }

  /** All apps at once: the gateway starts with services away, and services wait for each other's facts. */
  async startApps(): Promise<void> {
    await rm(this.#plan.state.stoppedFolder, { recursive: true, force: true });
    for (let tries = 1; !(await this.#tryApps(tries)); tries += 1) continue;
    void this.#keepObeying();
  }

  /** What the files say from now on. */
  async enter(phase: Phase): Promise<void> {
    this.#phase = phase;
    await this.#record();
  }

  /** Who runs where, as in run.json. */
  describe(): RunFile {
    const postgres = this.#embedded ? this.#postgres.lastReady : undefined;
    const instances = this.#places.flatMap((place) => {
      const keeper = this.#apps.get(place.app);
      const last = keeper?.wanted ? keeper.lastReady : undefined;
      return last ? [[place.app, { url: urlOf(place), pid: last.pid }] as const] : [];
    });
    return {
      ...Object.fromEntries(instances),
      ...(postgres &&
        this.#server && {
          postgres: { url: originOf(this.#server.url('')), pid: postgres.pid, data: this.#plan.postgres.dataDir },
        }),
      ...(this.#urls && { bus: { kind: 'postgres', url: originOf(this.#urls.bus) } }),
    };
  }

  /** Stops all in order: the gateway, the services, PostgreSQL last. */
  async goDown(): Promise<void> {
    this.#down.abort();
    await this.enter('stopping');
    await this.#apps.get('gateway')?.stop();
    await Promise.all(SERVICES.map(async (service) => this.#apps.get(service)?.stop()));
    await this.#postgres.stop();
    await this.#writing;
    const { runFile, loadingFile, supervisorFile } = this.#plan.state;
    for (const file of [runFile, loadingFile, supervisorFile]) await rm(file, { force: true });
  }

  /** False when another city took one of the ports meanwhile: all start anew then, for they know each other's addresses. */
  async #tryApps(tries: number): Promise<boolean> {
    this.#places = await choosePorts(APPS, this.#plan.portBase, tries > 1);
    for (const { app, wanted, port } of this.#places) {
      if (wanted !== port) this.#plan.say(`port ${wanted} is taken: ${app} listens on ${port}`);
    }
    for (const place of this.#places) this.#apps.set(place.app, this.#keeperOf(place));
    const starts = await Promise.allSettled([...this.#apps.values()].map((keeper) => keeper.start()));
    const failed = starts.find((start) => start.status === 'rejected');
    if (!failed) return true;
    const taken = await this.#takenByOthers();
    if (tries === PORT_TRIES || this.#down.signal.aborted || !taken) throw failed.reason;
    this.#plan.say('another program took a port meanwhile: the apps start anew on others');
    await Promise.all([...this.#apps.values()].map((keeper) => keeper.stop()));
    return false;
  }

  async #takenByOthers(): Promise<boolean> {
    const dead = this.#places.filter(({ app }) => this.#apps.get(app)?.mark === undefined);
    return (await Promise.all(dead.map(({ port }) => isTaken(port)))).includes(true);
  }

  #keeperOf(place: Place): Keeper {
    const logFile = this.#plan.state.logFile(place.app);
    return new Keeper({
      name: place.app,
      logFile,
      launch: () => launchApp(this.#appPlan(place, logFile)),
      hopeless: () => isTaken(place.port),
      changed: () => void this.#record(),
      say: this.#plan.say,
    });
  }

  #appPlan({ app, port }: Place, logFile: string): AppPlan {
    const folder = app === 'gateway' ? path.join(ROOT, 'gateway') : path.join(ROOT, 'services', app);
    return {
      app,
      port,
      logFile,
      script: path.join(folder, 'dist', 'main.js'),
      environment: app === 'gateway' ? this.#gatewayEnvironment() : this.#serviceEnvironment(app),
      nodeFlags: nodeFlags(app),
      graceMs: app === 'gateway' ? GRACE_MS.gateway : GRACE_MS.service,
    };
  }

  #gatewayEnvironment(): AppPlan['environment'] {
    const urls = this.#places.filter(({ app }) => app !== 'gateway');
    return Object.fromEntries(urls.map((place) => [`${place.app.toUpperCase()}_URL`, urlOf(place)]));
  }

  #serviceEnvironment(service: ServiceName): AppPlan['environment'] {
    const { currency, referenceDate, mainRegister, districts } = this.#plan.settings;
    const database = `${service.toUpperCase()}_DATABASE_URL`;
    return {
      [database]: this.#urls?.[service],
      [`${database}_FILE`]: undefined,
      BUS_DATABASE_URL: this.#urls?.bus,
      BUS_DATABASE_URL_FILE: undefined,
      CURRENCY: currency,
      REFERENCE_DATE: referenceDate,
      MAIN_REGISTER: mainRegister,
      DISTRICTS: districts,
    };
  }

  async #keepObeying(): Promise<void> {
    const { signal } = this.#down;
    for (; !signal.aborted; await pause(LOOK_MS, undefined, { signal }).catch(() => undefined)) await this.#obey();
  }

  /** Files named after apps say which of them a person wants stopped: `npm run stop -- costs` writes one. */
  async #obey(): Promise<void> {
    const stopped = new Set(await readdir(this.#plan.state.stoppedFolder).catch((): string[] => []));
    for (const service of SERVICES) {
      const keeper = this.#apps.get(service);
      if (!keeper || keeper.wanted !== stopped.has(service)) continue;
      const done = stopped.has(service) ? keeper.stop() : keeper.start();
      await done.catch((problem: unknown) => this.#plan.say(String(problem)));
    }
  }

  #record(): Promise<void> {
    this.#writing = this.#writing
      .then(() => this.#write())
      .catch((problem: unknown) => this.#plan.say(String(problem)));
    return this.#writing;
  }

  async #write(): Promise<void> {
    const supervisor = await this.#supervisor;
    const { state } = this.#plan;
    if (!supervisor) return;
    const children = [...this.#apps].flatMap(([name, { mark }]) => (mark ? [{ name, ...mark }] : []));
    await writeJson(state.supervisorFile, { supervisor, phase: this.#phase, children } satisfies SupervisorFile);
    if (this.#phase === 'ready') await writeJson(state.runFile, this.describe());
    if (this.#phase === 'loading') await writeJson(state.loadingFile, this.describe());
    else await rm(state.loadingFile, { force: true });
  }
}
