import { performance } from 'node:perf_hooks';

/** How long something has been so at every look. */
export class Lasting {
  readonly #now: () => number;
  readonly #since = new Map<string, { readonly at: number; readonly place: string }>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Seconds for which this has held; 0 when it does not. */
  of(what: string, holds: boolean): number {
    return this.standstill(what, '', holds);
  }

  /** Seconds for which there was something to do and the place did not change. */
  standstill(what: string, place: string, waiting: boolean): number {
    const known = this.#since.get(what);
    if (!waiting) this.#since.delete(what);
    else if (known?.place !== place) this.#since.set(what, { at: this.#now(), place });
    else return (this.#now() - known.at) / 1_000;
    return 0;
  }
}
