import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Readiness, Watch, type Moving } from './readiness.ts';
import type { VitalSigns } from './vital-signs.ts';

const LOOK_EVERY_MS = 5_000;
const NOTHING: Readiness = { unready: [], degraded: [] };

/** Looks at a running service's vital signs every five seconds, so that neither a scrape nor a probe costs a query. */
export class Monitor {
  readonly #stopping = new AbortController();
  readonly #look: () => Promise<VitalSigns>;
  readonly #watch: Watch;
  readonly #log: Pick<Logger, 'warn'>;
  readonly #looping: Promise<void>;
  #signs: VitalSigns | undefined;
  #judged: Readiness = NOTHING;

  constructor(look: () => Promise<VitalSigns>, moving: Moving, log: Pick<Logger, 'warn'>) {
    this.#look = look;
    this.#watch = new Watch(moving);
    this.#log = log;
    this.#looping = this.#loop();
  }

  /** The last look; `undefined` when it failed, as while the database is away. */
  get signs(): VitalSigns | undefined {
    return this.#signs;
  }

  /** What the looks so far say; empty while there is nothing to go by. */
  get judged(): Readiness {
    return this.#judged;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#looping;
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const signs = await this.#look();
        this.#judged = this.#watch.judge(signs);
        this.#signs = signs;
      } catch (err) {
        this.#judged = NOTHING;
        this.#signs = undefined;
        if (!signal.aborted) this.#log.warn({ err }, 'the vital signs cannot be read');
      }
      await pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
