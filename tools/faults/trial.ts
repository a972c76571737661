export type BusKind = 'postgres' | 'kafka';

/** The PostgreSQL of a whole run, with the durability that every city has. */
export interface TrialPostgres {
  /** Makes an empty database for this trial alone and answers its address. */
  database(name: string): Promise<string>;
  /** Kills the server (SIGQUIT, nothing written down) and starts it again at the same address. */
  restart(): Promise<void>;
}

/** The Kafka of a whole run: one node in the smoke set, three in full. A trial leaves all nodes running. */
export interface TrialBrokers {
  /** As `KAFKA_BROKERS` takes them. */
  readonly brokers: string;
  readonly nodes: 1 | 3;
  readonly replicationFactor: number;
  readonly minInsync: number;
  /** SIGKILL, SIGSTOP or SIGCONT for a node, from 1. */
  signal(id: number, name: NodeJS.Signals): void;
  /** Starts a node that was killed; resolves when clients may come. */
  restart(id: number): Promise<void>;
}

export interface TrialContext {
  readonly seed: number;
  /** From 0 to 1, the same numbers for the same seed, trial and bus. */
  readonly random: () => number;
  readonly bus: BusKind;
  /** The volumes of the promises; else those of the smoke set. */
  readonly full: boolean;
  /** Own, empty, removed with everything in it when the run ends. */
  readonly folder: string;
  /** Into the history file, a line each. */
  note(event: object): void;
  /** A fault that really happened. */
  count(fault: string, times?: number): void;
  say(line: string): void;
  /** Done when the trial has ended, in whatever way, and on Ctrl-C; the last one first. */
  atEnd(done: () => Promise<unknown>): void;
  server(): Promise<TrialPostgres>;
  /** @throws NotHere where no broker can be run. */
  brokers(): Promise<TrialBrokers>;
}

export interface TrialOutcome {
  readonly figures: Readonly<Record<string, number>>;
  /** What was broken, a line each; empty when the promise held. */
  readonly violations: readonly string[];
  /** The naive variant under the same checker: without a violation the checker proves nothing. */
  readonly control: { readonly what: string; readonly violations: readonly string[] };
}

export interface Trial {
  /** As in promises.md: P1. */
  readonly id: string;
  readonly says: string;
  /** A promise that does not concern the bus runs once. */
  readonly bus: boolean;
  /** Runs with one of the smoke set's seeds, which take turns over trials and buses, instead of with each. */
  readonly slow?: boolean;
  /** In the smoke set it is tried on this bus alone: it takes about a minute. */
  readonly smokeBus?: BusKind;
  run(context: TrialContext): Promise<TrialOutcome>;
}

/** A trial that cannot be run on this machine; the message says what it lacks. */
export class NotHere extends Error {}
