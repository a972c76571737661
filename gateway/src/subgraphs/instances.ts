import { Pool } from 'undici';
import { Breaker } from './breaker.ts';

const CONNECTIONS = 64;
const CONNECT_TIMEOUT_MS = 1_000;
const LOOK_EVERY_MS = 1_000;
const ALIVE_WITHIN_MS = 1_000;

/** One running copy of a service: its own connections and its own breaker. */
export interface Instance {
  readonly origin: string;
  readonly pool: Pool;
  readonly breaker: Breaker;
}

/**
 * The running copies of one service; calls go round among those that are not known to fail. While calls come, each copy is
 * also looked at once a second, so that one that is frozen costs few of them: it takes connections and never answers.
 */
export class Instances {
  private readonly all: readonly Instance[];
  private turn = 0;
  private lookedAt = -Infinity;

  constructor(urls: readonly string[]) {
    this.all = urls.map((url) => ({
      origin: url,
      // One request a connection at a time: an answer that hangs must not hold up another one behind it.
      pool: new Pool(url, { connections: CONNECTIONS, pipelining: 1, connect: { timeout: CONNECT_TIMEOUT_MS } }),
      breaker: new Breaker(),
    }));
  }

  /** The next instance that may be called, not `except` when there is another; `undefined` when none may. */
  next(except?: Instance): Instance | undefined {
    this.look();
    const others = this.all.filter((instance) => instance !== except);
    const candidates = others.length > 0 ? others : this.all;
    const well = candidates.filter(({ breaker }) => breaker.closed);
    // One that failed is tried with a client's call only where there is no better one.
    const chosen = well.length > 0 ? well : candidates;
    for (let step = 0; step < chosen.length; step += 1) {
      this.turn = (this.turn + 1) % chosen.length;
      const candidate = chosen[this.turn];
      if (candidate?.breaker.admits()) return candidate;
    }
    return undefined;
  }

  /** All origins once, those that answered last before those that failed, another first each time. */
  inTurn(): readonly string[] {
    this.look();
    this.turn = (this.turn + 1) % this.all.length;
    const turned = [...this.all.slice(this.turn), ...this.all.slice(0, this.turn)];
    const failing = turned.filter(({ breaker }) => !breaker.closed);
    return [...turned.filter(({ breaker }) => breaker.closed), ...failing].map(({ origin }) => origin);
  }

  /** The copy at a place of the setting, from 1. */
  origin(member: number): string | undefined {
    return this.all[member - 1]?.origin;
  }

  /** Of each copy in the order of the setting, whether calls are kept away from it. */
  get open(): readonly boolean[] {
    return this.all.map(({ breaker }) => !breaker.closed);
  }

  get reachable(): boolean {
    return this.all.some(({ breaker }) => breaker.closed);
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map(({ pool }) => pool.destroy()));
  }

  private look(): void {
    if (this.all.length === 1 || performance.now() - this.lookedAt < LOOK_EVERY_MS) return;
    this.lookedAt = performance.now();
    for (const instance of this.all) void this.lookAt(instance);
  }

  private async lookAt({ pool, breaker }: Instance): Promise<void> {
    const signal = AbortSignal.timeout(ALIVE_WITHIN_MS);
    const alive = await pool.request({ path: '/health/live', method: 'GET', signal }).then(
      async ({ statusCode, body }) => {
        await body.dump();
        return statusCode < 500;
      },
      () => false,
    );
    if (alive && !breaker.closed) breaker.succeeded();
    // The last one that is left is never given up for being slow: a late answer is better than none.
    const another = this.all.some((instance) => instance.breaker !== breaker && instance.breaker.closed);
    if (!alive && another) breaker.trip();
  }
}
