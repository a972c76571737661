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
  type Codec,
  type Decode,
  type Policies,
  type ReadGate,
  type Runner,
  type Store,
} from '@tongchou/event-store';
import { BusTransport, createReceiver, startRelay, type Bus, type Receiver, type Relay } from '@tongchou/messaging';
import type { Logger } from 'pino';
import { CommandDoor } from './command-door.ts';
import { countStatements } from './count-statements.ts';
import { dispatcher } from './dispatcher.ts';
import { openBus } from './open-bus.ts';
import { databaseTrouble, stoppedParts } from './readiness.ts';
import { releaseOf } from './release.ts';
import type { ServiceConfig } from './service-settings.ts';
import type { ServiceParts } from './service-parts.ts';

interface Opened {
  readonly parts: ServiceParts;
  readonly log: Logger;
  readonly store: Store;
  readonly bus: Bus;
  readonly codec: Codec;
  readonly door: CommandDoor;
  readonly lost: Promise<Error>;
}

interface Running {
  readonly runner: Runner;
  readonly policies: Policies;
  readonly relay: Relay;
}

/** One instance of a service below its doors: store, bus, and what moves facts between them. */
export class Engine {
  readonly name: string;
  readonly store: Store;
  readonly door: CommandDoor;
  readonly gate: ReadGate;
  readonly receiver: Receiver;
  readonly transport: BusTransport;
  readonly #opened: Opened;
  #running: Running | undefined;
  #stopping = false;

  private constructor(opened: Opened) {
    const { parts, store, bus, log } = opened;
    this.#opened = opened;
    this.name = parts.name;
    this.store = store;
    this.door = opened.door;
    const sources = [parts.name, ...parts.listensTo];
    this.gate = createReadGate(store, { receives: (source) => sources.includes(source) });
    this.receiver = createReceiver({ store, listensTo: [...parts.listensTo], log });
    this.transport = new BusTransport({ bus, group: parts.name, log, startAt: this.receiver.startAt });
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
      const bus = await openBus(config, store, log, lost.resolve);
      const codec = createCodec(parts.upcasters);
      const appender = createAppender(store);
      const door = new CommandDoor(
        parts.aggregates,
        (decider) => createCommandHandler({ store, appender, decider, codec }),
        log,
      );
      return new Engine({ parts, log, store, bus, codec, door, lost: lost.promise });
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
    const { parts, store, bus, codec, log, door } = this.#opened;
    const decode: Decode = (source, type, version, data) =>
      source === parts.name ? codec.decode(type, version, data) : decodePublic(source, type, version, data);
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
    this.#running = { runner, policies, relay };
  }

  beginStopping(): void {
    this.#stopping = true;
  }

  /** Every reason why this instance should get no requests; none = ready. */
  async unready(): Promise<string[]> {
    if (this.#stopping) return ['stopping'];
    if (!this.#running) return ['starting'];
    const { runner, policies, relay } = this.#running;
    return [...(await databaseTrouble(this.store)), ...stoppedParts(runner, policies, relay), ...this.#deaf()];
  }

  /** How everything is, for operators. */
  async status(): Promise<object> {
    const { runner, policies, relay } = this.#running ?? {};
    return {
      ...releaseOf(this.name),
      unready: await this.unready(),
      runner: runner?.status(),
      policies: policies?.status(),
      relay: relay?.status(),
      receiver: { ...this.transport.subscriptionStatus(), ...this.receiver.status() },
      freshness: await this.gate.freshness(),
    };
  }

  get models(): readonly string[] {
    return this.#opened.parts.readModels.map(({ name }) => name);
  }

  /** Builds a read model's table anew beside the serving one; resolves when the new one serves. */
  async rebuild(model: string): Promise<void> {
    await this.#running?.runner.rebuild(model);
  }

  /** Ends what moves facts, in order; another instance goes on at once. */
  async stop(): Promise<void> {
    await this.#running?.relay.stop();
    await this.#running?.policies.stop();
    await this.#running?.runner.stop();
  }

  async disconnect(): Promise<void> {
    await this.#opened.bus.close();
    await this.store.close();
  }

  #deaf(): string[] {
    if (this.topics.length === 0) return [];
    const { stopped } = this.receiver.status();
    const { healthy, reason } = this.transport.subscriptionStatus();
    if (stopped) return [`receiving: ${stopped}`];
    return healthy ? [] : [`receiving: ${reason ?? 'it has stopped'}`];
  }
}
