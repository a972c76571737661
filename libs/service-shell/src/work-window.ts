/** Bounds work in flight, by number and by bytes. Whoever wants in when it is full waits, in order. */
export class WorkWindow {
  readonly #limits: { readonly items: number; readonly bytes: number };
  readonly #waiting: (() => void)[] = [];
  #items = 0;
  #bytes = 0;

  constructor(limits: { readonly items: number; readonly bytes: number }) {
    this.#limits = limits;
  }

  async enter(bytes: number): Promise<void> {
    while (this.#items >= this.#limits.items || (this.#items > 0 && this.#bytes + bytes > this.#limits.bytes)) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#items += 1;
    this.#bytes += bytes;
  }

  leave(bytes: number): void {
    this.#items -= 1;
    this.#bytes -= bytes;
    this.#waiting.shift()?.();
  }
}
