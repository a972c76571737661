import { setTimeout as pause } from 'node:timers/promises';
import type { ProcessMark } from '../state/processes.ts';
import { Problem, reasonOf } from '../state/problem.ts';
import { tailOf } from './log-tail.ts';

/** A process of the city that runs now. */
export interface Running {
  readonly mark: ProcessMark;
  /** Whether it became ready; false when it ended or took too long. */
  readonly ready: Promise<boolean>;
  /** How it ended, for a person. */
  readonly ended: Promise<string>;
  /** Ends it, politely first. */
  stop(): Promise<void>;
}

export interface Keeping {
  readonly name: string;
  readonly logFile: string;
  launch(): Promise<Running>;
  /** True when starting it again cannot help; asked only while it has never been ready. */
  hopeless?(): Promise<boolean>;
  /** Called whenever the process has started, become ready, or ended. */
  changed(): void;
  say(line: string): void;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** A process that ran this long is started again as fast as the first time. */
const STEADY_AFTER_MS = 30_000;
/** How often a process may end before it was ever ready: then something is wrong that trying again does not heal. */
const FIRST_TRIES = 3;

/** Keeps one process of the city running: started again with growing pauses whenever it ends, until it is told to stop. */
export class Keeper {
  readonly #of: Keeping;
  #running: Running | undefined;
  #ready = false;
  #lastReady: ProcessMark | undefined;
  #stopping = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(of: Keeping) {
    this.#of = of;
  }

  /** The process that runs now, ready or not. */
  get mark(): ProcessMark | undefined {
    return this.#running?.mark;
  }

  /** The process that was ready last; it may have ended since, and its successor not be ready yet. */
  get lastReady(): ProcessMark | undefined {
    return this.#lastReady;
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** Whether it is meant to run. */
  get wanted(): boolean {
    return !this.#stopping.signal.aborted;
  }

  /** Fulfilled when it is ready for the first time. @throws Problem with the end of its log when it never is. */
  async start(): Promise<void> {
    const stopping = new AbortController();
    const former = this.#loop;
    this.#stopping = stopping;
    await new Promise<void>((readyOnce, fail) => {
      this.#loop = former.then(() => this.#keep(stopping.signal, readyOnce)).catch(fail);
    });
  }

  /** Stops it and leaves it stopped. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running?.stop();
    await this.#loop;
  }

  async #keep(stopping: AbortSignal, readyOnce: () => void): Promise<void> {
    let waitMs = FIRST_PAUSE_MS;
    let everReady = false;
    for (let tries = 1; !stopping.aborted; tries += 1) {
      const began = Date.now();
      const how = await this.#once(stopping, () => {
        everReady = true;
        readyOnce();
      }).catch((error: unknown) => `did not start: ${reasonOf(error)}`);
      if (stopping.aborted) break;
      if (!everReady && (tries >= FIRST_TRIES || (await this.#of.hopeless?.()))) throw await this.#neverReady(how);
      if (Date.now() - began > STEADY_AFTER_MS) waitMs = FIRST_PAUSE_MS;
      this.#of.say(`${this.#of.name} ${how}; starting it again in ${waitMs / 1000} s`);
      await pause(waitMs, undefined, { signal: stopping }).catch(() => undefined);
      waitMs = Math.min(waitMs * 2, LONGEST_PAUSE_MS);
    }
    readyOnce();
  }

  async #once(stopping: AbortSignal, isReady: () => void): Promise<string> {
    const running = await this.#of.launch();
    this.#running = running;
    this.#of.changed();
    if (stopping.aborted) await running.stop();
    if (await running.ready) {
      this.#ready = true;
      this.#lastReady = running.mark;
      this.#of.changed();
      isReady();
    } else await running.stop();
    const how = await running.ended;
    this.#running = undefined;
    this.#ready = false;
    this.#of.changed();
    return how;
  }

  async #neverReady(how: string): Promise<Problem> {
    const tail = await tailOf(this.#of.logFile, 15);
    return new Problem(
      `${this.#of.name} did not become ready: it ${how}. The end of its log:\n${tail}`,
      `Put right what the log says (${this.#of.logFile}), then start again. npm run doctor looks at the rest.`,
    );
  }
}
