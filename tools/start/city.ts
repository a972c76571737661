import { rm } from 'node:fs/promises';
import { markOf, type ProcessMark } from '../state/processes.ts';
import type { AppName, RunFile, ServiceName } from '../state/run-file.ts';
import type { Settings } from '../state/settings.ts';
import { type StateFolder, writeJson } from '../state/state-folder.ts';
import type { Phase, SupervisorFile } from '../state/supervisor-file.ts';
import { settlePrincipalKeys } from '../issuer/principal-keys.ts';
import type { AppPlan } from './app-process.ts';
import { Apps } from './apps.ts';
import type { BusChoice } from './bus-choice.ts';
import { allDatabases, givenDatabases, needsEmbedded, neededDatabases, originOf } from './databases.ts';
import { DemoIssuer } from './demo-issuer.ts';
import type { Instances } from './instances.ts';
import type { IssuerChoice } from './issuer-choice.ts';
import { KafkaNodes } from './kafka-nodes.ts';
import { Keeper } from './keeper.ts';
import { launchPostgres, type PostgresPlace, type RunningPostgres } from './postgres-process.ts';

type Urls = Awaited<ReturnType<typeof allDatabases>>;

export interface CityPlan {
  readonly state: StateFolder;
  readonly settings: Settings;
  readonly portBase: number;
  readonly instances: Instances;
  readonly bus: BusChoice;
  readonly issuer: IssuerChoice;
  readonly postgres: PostgresPlace;
  readonly say: (line: string) => void;
}

/** The city's processes, kept running until it goes down; its files say at any moment who runs where. */
export class City {
  readonly #plan: CityPlan;
  readonly #postgres: Keeper;
  readonly #kafka: KafkaNodes | undefined;
  readonly #issuer: DemoIssuer | undefined;
  readonly #apps: Apps;
  readonly #supervisor: Promise<ProcessMark | undefined> = markOf(process.pid);
  #server: RunningPostgres['server'] | undefined;
  #embedded = false;
  #urls: Urls | undefined;
  #phase: Phase = 'starting';
  #writing: Promise<void> = Promise.resolve();

  constructor(plan: CityPlan) {
    const { state, say, bus, issuer, portBase, instances } = plan;
    const changed = (): void => void this.#record();
    this.#plan = plan;
    this.#postgres = new Keeper({
      name: 'PostgreSQL',
      logFile: state.logFile('postgres'),
      launch: () => this.#launchPostgres(),
      changed,
      say,
    });
    this.#kafka = 'nodes' in bus ? new KafkaNodes({ state, nodes: bus.nodes, changed, say }) : undefined;
    this.#issuer = issuer.kind === 'demo' ? new DemoIssuer({ state, portBase, changed, say }) : undefined;
    const environmentOf = (app: AppName, urlsOf: (app: AppName) => string): AppPlan['environment'] =>
      app === 'gateway'
        ? { PROJECTS_URL: urlsOf('projects'), COSTS_URL: urlsOf('costs'), ...this.#gatewayEnvironment() }
        : { ...this.#serviceEnvironment(app), ...this.#busEnvironment() };
    this.#apps = new Apps({ state, portBase, instances, environmentOf, changed, say });
  }

  /** Databases, those that were given and the others in the embedded server; broker and issuer, where the city runs its own. */
  async openStores(environment: NodeJS.ProcessEnv): Promise<void> {
    const needed = neededDatabases(this.#plan.bus);
    const given = await givenDatabases(environment, needed);
    this.#embedded = needsEmbedded(given, needed);
    await settlePrincipalKeys(this.#plan.state);
    const broker = this.#kafka?.start() ?? Promise.resolve();
    const issuer = this.#issuer?.start() ?? Promise.resolve();
    const databases = this.#embedded ? this.#postgres.start() : Promise.resolve();
    for (const start of await Promise.allSettled([databases, broker, issuer])) {
      if (start.status === 'rejected') throw start.reason;
    }
    this.#urls = await allDatabases(given, this.#server, needed);
  }

  startApps(): Promise<void> {
    return this.#apps.start();
  }

  /** What the files say from now on. */
  async enter(phase: Phase): Promise<void> {
    this.#phase = phase;
    await this.#record();
  }

  /** Who runs where, as in run.json. */
  describe(): RunFile {
    const postgres = this.#embedded ? this.#postgres.lastReady : undefined;
    return {
      ...this.#apps.describe(),
      ...(postgres &&
        this.#server && {
          postgres: { url: originOf(this.#server.url('')), pid: postgres.pid, data: this.#plan.postgres.dataDir },
        }),
      ...this.#describeBus(),
      ...this.#describeIssuer(),
    };
  }

  /** Stops all in order: the gateway, the services, and last what they stand on. */
  async goDown(): Promise<void> {
    await this.enter('stopping');
    await this.#apps.stop();
    await Promise.all([this.#issuer?.stop(), this.#kafka?.stop(), this.#postgres.stop()]);
    await this.#writing;
    const { runFile, loadingFile, supervisorFile } = this.#plan.state;
    for (const file of [runFile, loadingFile, supervisorFile]) await rm(file, { force: true });
  }

  async #launchPostgres(): Promise<RunningPostgres> {
    const { state, postgres, instances } = this.#plan;
    const at = { dataDir: postgres.dataDir, port: this.#server?.port ?? postgres.port };
    const running = await launchPostgres(state, at, {
      mayMove: this.#server === undefined,
      services: instances.projects + instances.costs,
    });
    this.#server = running.server;
    return running;
  }

  #describeBus(): Pick<RunFile, 'bus' | 'kafka'> {
    const { bus } = this.#plan;
    if (this.#kafka) return this.#kafka.describe();
    if ('given' in bus) return { bus: { kind: 'kafka', url: `kafka://${bus.given.replaceAll(' ', '')}` } };
    return this.#urls?.bus === undefined ? {} : { bus: { kind: 'postgres', url: originOf(this.#urls.bus) } };
  }

  #describeIssuer(): Pick<RunFile, 'issuer'> {
    const { issuer } = this.#plan;
    return issuer.kind === 'given' ? { issuer: { url: issuer.url } } : (this.#issuer?.describe() ?? {});
  }

  #gatewayEnvironment(): AppPlan['environment'] {
    return {
      PRINCIPAL_SIGNING_KEY: undefined,
      PRINCIPAL_SIGNING_KEY_FILE: this.#plan.state.signingKeyFile,
      DEMO_ISSUER: undefined,
      ...this.#issuer?.environment,
    };
  }

  #busEnvironment(): AppPlan['environment'] {
    const database = { BUS_DATABASE_URL: this.#urls?.bus, BUS_DATABASE_URL_FILE: undefined };
    return { ...database, ...(this.#kafka ? this.#kafka.environment : {}) };
  }

  #serviceEnvironment(service: ServiceName): AppPlan['environment'] {
    const { currency, referenceDate, mainRegister, districts } = this.#plan.settings;
    const database = `${service.toUpperCase()}_DATABASE_URL`;
    return {
      [database]: this.#urls?.[service],
      [`${database}_FILE`]: undefined,
      PRINCIPAL_KEYS: undefined,
      PRINCIPAL_KEYS_FILE: this.#plan.state.principalKeysFile,
      CURRENCY: currency,
      REFERENCE_DATE: referenceDate,
      MAIN_REGISTER: mainRegister,
      DISTRICTS: districts,
    };
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
    const children = [...this.#apps.children, ...(this.#kafka?.children ?? []), ...(this.#issuer?.children ?? [])];
    await writeJson(state.supervisorFile, { supervisor, phase: this.#phase, children } satisfies SupervisorFile);
    if (this.#phase === 'ready') await writeJson(state.runFile, this.describe());
    if (this.#phase === 'loading') await writeJson(state.loadingFile, this.describe());
    else await rm(state.loadingFile, { force: true });
  }
}
