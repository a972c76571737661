import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '@tongchou/embedded-postgres';
import { type AppName, APPS, instanceName, type RunFile, SERVICES } from '../state/run-file.ts';
import { ROOT, type StateFolder } from '../state/state-folder.ts';
import type { SupervisorFile } from '../state/supervisor-file.ts';
import { type AppPlan, launchApp, urlOf } from './app-process.ts';
import type { Instances } from './instances.ts';
import { Keeper } from './keeper.ts';
import { nodeFlags } from './node-flags.ts';
import { choosePorts, type Place } from './ports.ts';

const GRACE_MS = { gateway: 4_000, service: 8_000 };
const LOOK_MS = 200;
const PORT_TRIES = 5;

const isTaken = async (port: number): Promise<boolean> => (await freePort(port)) !== port;

export interface AppsPlan {
  readonly state: StateFolder;
  readonly portBase: number;
  readonly instances: Instances;
  /** What an app is told beside its port; asked when it is started. */
  readonly environmentOf: (app: AppName, urlsOf: (app: AppName) => string) => AppPlan['environment'];
  readonly changed: () => void;
  readonly say: (line: string) => void;
}

interface Kept {
  readonly place: Place;
  readonly name: string;
  readonly keeper: Keeper;
}

/** Gateway and services, as many of each as were asked for, every one kept running until it is told to stop. */
export class Apps {
  readonly #plan: AppsPlan;
  #kept: readonly Kept[] = [];
  readonly #down = new AbortController();

  constructor(plan: AppsPlan) {
    this.#plan = plan;
  }

  /** All at once: the gateway starts with services away, and services wait for each other's facts. */
  async start(): Promise<void> {
    await rm(this.#plan.state.stoppedFolder, { recursive: true, force: true });
    for (let tries = 1; !(await this.#try(tries)); tries += 1) continue;
    void this.#keepObeying();
  }

  /** The gateway, then the services. */
  async stop(): Promise<void> {
    this.#down.abort();
    await this.#stopAll((app) => app === 'gateway');
    await this.#stopAll((app) => app !== 'gateway');
  }

  /** Who runs where; one instance alone, several as a list. */
  describe(): Pick<RunFile, AppName> {
    const found: Pick<RunFile, AppName> = {};
    for (const app of APPS) {
      const instances = this.#of(app).flatMap(({ place, keeper: { wanted, lastReady } }) =>
        wanted && lastReady ? [{ url: urlOf(place), pid: lastReady.pid }] : [],
      );
      const alone = this.#plan.instances[app] === 1 ? instances[0] : undefined;
      if (instances.length > 0) found[app] = alone ?? instances;
    }
    return found;
  }

  get children(): SupervisorFile['children'] {
    return this.#kept.flatMap(({ name, keeper: { mark } }) => (mark ? [{ name, ...mark }] : []));
  }

  #of(app: AppName): readonly Kept[] {
    return this.#kept.filter(({ place }) => place.app === app);
  }

  /** False when another city took one of the ports meanwhile: all start anew then, for they know each other's addresses. */
  async #try(tries: number): Promise<boolean> {
    const { say, portBase, instances } = this.#plan;
    const wanted = APPS.flatMap((app) => Array.from({ length: instances[app] }, () => app));
    const places = await choosePorts(wanted, portBase, tries > 1);
    for (const place of places) {
      if (place.wanted !== place.port) say(`port ${place.wanted} is taken: ${place.app} listens on ${place.port}`);
    }
    this.#kept = places.map((place) => this.#keep(place));
    const starts = await Promise.allSettled(this.#kept.map(({ keeper }) => keeper.start()));
    const failed = starts.find((start) => start.status === 'rejected');
    if (!failed) return true;
    const taken = await this.#takenByOthers();
    if (tries === PORT_TRIES || this.#down.signal.aborted || !taken) throw failed.reason;
    say('another program took a port meanwhile: the apps start anew on others');
    await this.#stopAll(() => true);
    return false;
  }

  async #stopAll(chosen: (app: AppName) => boolean): Promise<void> {
    const ending = this.#kept.filter(({ place }) => chosen(place.app));
    await Promise.all(ending.map(({ keeper }) => keeper.stop()));
  }

  async #takenByOthers(): Promise<boolean> {
    const dead = this.#kept.filter(({ keeper }) => keeper.mark === undefined);
    return (await Promise.all(dead.map(({ place }) => isTaken(place.port)))).includes(true);
  }

  #keep(place: Place): Kept {
    const { state, changed, say } = this.#plan;
    const name = instanceName(place.app, place.number);
    const logFile = state.logFile(name);
    const keeper = new Keeper({
      name,
      logFile,
      launch: () => launchApp(this.#appPlan(place, logFile)),
      hopeless: () => isTaken(place.port),
      changed,
      say,
    });
    return { place, name, keeper };
  }

  #appPlan({ app, number, port }: Place, logFile: string): AppPlan {
    const folder = app === 'gateway' ? path.join(ROOT, 'gateway') : path.join(ROOT, 'services', app);
    const urlsOf = (of: AppName): string =>
      this.#of(of)
        .map(({ place }) => urlOf(place))
        .join(',');
    return {
      port,
      logFile,
      unready: (why) => this.#plan.say(`${instanceName(app, number)} runs but is not ready: ${why}`),
      script: path.join(folder, 'dist', 'main.js'),
      environment: this.#plan.environmentOf(app, urlsOf),
      nodeFlags: nodeFlags(app),
      graceMs: app === 'gateway' ? GRACE_MS.gateway : GRACE_MS.service,
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
      const changing = this.#of(service).filter(({ keeper }) => keeper.wanted === stopped.has(service));
      const done = changing.map(({ keeper }) => (stopped.has(service) ? keeper.stop() : keeper.start()));
      for (const one of await Promise.allSettled(done)) {
        if (one.status === 'rejected') this.#plan.say(String(one.reason));
      }
    }
  }
}
