import { decodePublic, topicOf, validateContracts } from '@tongchou/contracts';
import {
  createAppender,
  createCodec,
  createCommandHandler,
  createReadGate,
  entityOf,
  openStore,
  startPolicies,
  startRunner,
  watchClock,
  type ClockWatch,
  type Codec,
  type Decode,
  type Policies,
  type ReadGate,
  type Retention,
  type Runner,
  type Store,
} from '@tongchou/event-store';
import {
  BusTransport,
  createReceiver,
  republishing,
  startRelay,
  watchBus,
  type Receiver,
  type Relay,
  type Republishing,
  type WatchedBus,
} from '@tongchou/messaging';
import type { Tagged } from '@tongchou/kernel';
import type { Logger } from 'pino';
import { CommandDoor } from './command-door.ts';
import type { HandlerMaker } from './define-commands.ts';
import { countStatements } from './count-statements.ts';
import { disclosure, Disclosures, isDisclosure } from './disclosure.ts';
import { dispatcher } from './dispatcher.ts';
import { commandMeter, observeEngine, storeMeters } from './engine-metrics.ts';
import { keepForAWhile } from './keep-for-a-while.ts';
import { Metrics } from './metrics.ts';
import { Monitor } from './monitor.ts';
import { openBus } from './open-bus.ts';
import { Places } from './places.ts';
import { databaseTrouble, partsNow, type Moving, type Readiness } from './readiness.ts';
import { releaseOf } from './release.ts';
import type { ServiceConfig } from './service-settings.ts';
import type { ServiceParts } from './service-parts.ts';
import { vitalSignsOf, type ROLES, type VitalSigns } from './vital-signs.ts';

/** What was shown to whom is no matter of read models and policies. */
const ownFact = (codec: Codec, type: string, version: number, data: object): Tagged | undefined =>
  isDisclosure(type) ? undefined : codec.decode(type, version, data);

interface Opened {
  readonly parts: ServiceParts;
  readonly log: Logger;
  readonly store: Store;
  readonly watched: WatchedBus;
  readonly codec: Codec;
  readonly door: CommandDoor;
  readonly disclosures: Disclosures;
  readonly metrics: Metrics;
  readonly config: ServiceConfig;
  readonly lost: Promise<Error>;
}

interface Running {
  readonly runner: Runner;
  readonly policies: Policies;
  readonly relay: Relay;
  readonly moving: Moving;
  readonly monitor: Monitor;
  readonly retention: Retention;
  readonly clock: ClockWatch;
}

/** One instance of a service below its doors: store, bus, and what moves facts between them. */
export class Engine {
  readonly name: string;
  readonly store: Store;
  readonly door: CommandDoor;
  readonly disclosures: Disclosures;
  readonly gate: ReadGate;
  readonly receiver: Receiver;
  readonly transport: BusTransport;
  readonly metrics: Metrics;
  readonly #opened: Opened;
  #running: Running | undefined;
  #stopping = false;

  private constructor(opened: Opened) {
    const { parts, store, watched, log } = opened;
    this.#opened = opened;
    this.name = parts.name;
    this.store = store;
    this.door = opened.door;
    this.disclosures = opened.disclosures;
    this.metrics = opened.metrics;
    const sources = [parts.name, ...parts.listensTo];
    this.gate = createReadGate(store, { receives: (source) => sources.includes(source) });
    this.receiver = createReceiver({ store, listensTo: [...parts.listensTo], log });
    this.transport = new BusTransport({
      bus: watched.bus,
      group: parts.name,
      log,
      startAt: this.receiver.startAt,
    });
    observeEngine(this.metrics, this);
  }

  /** Connects and migrates. Throws when a database is away or not fit to keep facts. */
  static async open(parts: ServiceParts, config: ServiceConfig, log: Logger): Promise<Engine> {
    validateContracts();
    const store = await openStore({
      url: config.databaseUrl,
      service: parts.name,
      log,
      entities: parts.readModels.map(entityOf),
    });
    countStatements(store.dataSource);
    try {
      const lost = Promise.withResolvers<Error>();
      const watched = watchBus(await openBus(config, store, log, lost.resolve));
      const metrics = new Metrics(parts.name);
      const meters = storeMeters(metrics);
      const codec = createCodec(parts.upcasters);
      const appender = createAppender(store, meters);
      const handlerOf: HandlerMaker = (decider) => createCommandHandler({ store, appender, decider, codec, meters });
      const places = new Places((ids) => parts.placesOf(store.dataSource, ids));
      const meter = commandMeter(metrics);
      const door = new CommandDoor(parts.aggregates, { handlerOf, places, log, meter, policy: parts.policy });
      const disclosures = new Disclosures(handlerOf(disclosure));
      return new Engine({ parts, log, store, watched, codec, door, disclosures, metrics, config, lost: lost.promise });
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** Fulfilled when this process will never receive again, with the reason: it should end, another begins afresh. */
  get lost(): Promise<Error> {
    return this.#opened.lost;
  }

  get started(): boolean {
    return this.#running !== undefined;
  }

  get topics(): readonly string[] {
    return this.#opened.parts.listensTo.map(topicOf);
  }

  /** Starts what moves facts; each of them leads or waits to lead. */
  async start(): Promise<void> {
    const { parts, store, watched, codec, log, door, config } = this.#opened;
    const { bus } = watched;
    const decode: Decode = (source, type, version, data) =>
      source === parts.name ? ownFact(codec, type, version, data) : decodePublic(source, type, version, data);
    const runner = await startRunner({ store, models: parts.readModels, decode, log });
    const policies = await startPolicies({
      store,
      policies: parts.policies,
      decode,
      dispatch: dispatcher(door, log),
      log,
    });
    const relay = startRelay({
      store,
      bus,
      log,
      decode: codec.decode,
      publish: ({ event }) => parts.published(event),
    });
    const ears = parts.listensTo.length > 0 ? { receiver: this.receiver, transport: this.transport } : undefined;
    const moving: Moving = { runner, policies, relay, ears, bus: watched };
    const monitor = new Monitor(vitalSignsOf(store, bus, parts.listensTo), moving, log);
    const retention = keepForAWhile(store, config);
    const clock = watchClock({ store, log });
    this.#running = { runner, policies, relay, moving, monitor, retention, clock };
  }

  beginStopping(): void {
    this.#stopping = true;
  }

  /** How this instance is now, with every reason. */
  async readiness(): Promise<Readiness> {
    const { unready, degraded } = this.seen();
    return this.started && !this.#stopping
      ? { unready: [...(await databaseTrouble(this.store)), ...unready], degraded }
      : { unready, degraded };
  }

  /** The same without asking anybody; the database as it was at the last look. */
  seen(): Readiness {
    if (this.#stopping) return { unready: ['stopping'], degraded: [] };
    if (!this.#running) return { unready: ['starting'], degraded: [] };
    const now = partsNow(this.#running.moving);
    const { judged } = this.#running.monitor;
    const { alarm } = this.#running.clock.status();
    const clock = alarm === undefined ? [] : [`clock: ${alarm}`];
    return {
      unready: [...now.unready, ...judged.unready],
      degraded: [...now.degraded, ...judged.degraded, ...clock],
    };
  }

  /** The last look at what the database and the bus say; `undefined` when it failed. */
  get signs(): VitalSigns | undefined {
    return this.#running?.monitor.signs;
  }

  leads(role: (typeof ROLES)[number]): boolean {
    return this.#running?.[role].status().leading ?? false;
  }

  /** How everything is, for operators. */
  async status(): Promise<object> {
    const { runner, policies, relay, retention, clock } = this.#running ?? {};
    return {
      ...releaseOf(this.name),
      ...(await this.readiness()),
      runner: runner?.status(),
      policies: policies?.status(),
      relay: relay?.status(),
      retention: retention?.status(),
      clock: clock?.status(),
      receiver: { ...this.transport.subscriptionStatus(), ...this.receiver.status() },
      freshness: await this.gate.freshness(),
    };
  }

  /** Names of the service's read models or policies. */
  parts(kind: 'model' | 'policy'): readonly string[] {
    const { readModels, policies } = this.#opened.parts;
    return (kind === 'model' ? readModels : policies).map(({ name }) => name);
  }

  /** Builds a read model's table anew beside the serving one; resolves when the new one serves. */
  async rebuild(model: string): Promise<void> {
    await this.#running?.runner.rebuild(model);
  }

  /** How far publishing the whole store again has come; `undefined` when nobody has wished it. */
  republishing(): Promise<Republishing | undefined> {
    return republishing(this.store, this.#opened.watched.bus);
  }

  /** Ends what moves facts, in order; another instance goes on at once. */
  async stop(): Promise<void> {
    await this.#running?.clock.stop();
    await this.#running?.retention.stop();
    await this.#running?.monitor.stop();
    await this.#running?.relay.stop();
    await this.#running?.policies.stop();
    await this.#running?.runner.stop();
  }

  async disconnect(): Promise<void> {
    await this.#opened.watched.bus.close();
    await this.store.close();
  }
}
