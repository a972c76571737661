import { Pool } from 'undici';
import { Breaker } from './breaker.ts';

const CONNECTIONS = 64;
const CONNECT_TIMEOUT_MS = 1_000;

/** One running copy of a service: its own connections and its own breaker. */
export interface Instance {
  readonly origin: string;
  readonly pool: Pool;
  readonly breaker: Breaker;
}

/** The running copies of one service; calls go round among those that are not known to fail. */
export class Instances {
  private readonly all: readonly Instance[];
  private turn = 0;

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
    const others = this.all.filter((instance) => instance !== except);
    const candidates = others.length > 0 ? others : this.all;
    for (let step = 0; step < candidates.length; step += 1) {
      this.turn = (this.turn + 1) % candidates.length;
      const candidate = candidates[this.turn];
      if (candidate?.breaker.admits()) return candidate;
    }
    return undefined;
  }

  /** All origins once, those that answered last before those that failed, another first each time. */
  inTurn(): readonly string[] {
    this.turn = (this.turn + 1) % this.all.length;
    const turned = [...this.all.slice(this.turn), ...this.all.slice(0, this.turn)];
    const failing = turned.filter(({ breaker }) => !breaker.closed);
    return [...turned.filter(({ breaker }) => breaker.closed), ...failing].map(({ origin }) => origin);
  }

  get reachable(): boolean {
    return this.all.some(({ breaker }) => breaker.closed);
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map(({ pool }) => pool.destroy()));
  }
}
