import { number } from '../state/figures.ts';
const EVERY_MS = { terminal: 200, log: 3_000 };
const BAR = 30;

/** Shows how far long work is: a bar on a terminal, a line every few seconds otherwise. Writes to stderr. */
export class Progress {
  readonly #terminal = process.stderr.isTTY;
  readonly #timer: NodeJS.Timeout;
  readonly #state: () => { readonly what: string; readonly done: number; readonly of?: number };

  constructor(state: () => { readonly what: string; readonly done: number; readonly of?: number }) {
    this.#state = state;
    this.#timer = setInterval(() => this.#show(), this.#terminal ? EVERY_MS.terminal : EVERY_MS.log);
  }

  stop(): void {
    clearInterval(this.#timer);
    if (this.#terminal) process.stderr.write('\r\u001b[K');
  }

  #show(): void {
    const { what, done, of } = this.#state();
    const far = of === undefined ? number(done) : `${number(done)} of ${number(of)}`;
    if (!this.#terminal) {
      process.stderr.write(`  ${what}: ${far}\n`);
      return;
    }
    const full = of === undefined || of === 0 ? 0 : Math.round((BAR * done) / of);
    const bar = of === undefined ? '' : `${'#'.repeat(full).padEnd(BAR, '.')} `;
    process.stderr.write(`\r\u001b[K  ${what}: ${bar}${far}`);
  }
}
