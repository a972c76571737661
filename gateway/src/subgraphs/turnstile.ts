/** At most `places` inside, at most `queue` waiting; who finds both full is turned away at once. */
export class Turnstile {
  private inside = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly places: number,
    private readonly queue: number,
  ) {}

  /** Resolves to the way out once there is a place, to `undefined` when shed. Rejects with the signal's reason. */
  async enter(signal: AbortSignal): Promise<(() => void) | undefined> {
    signal.throwIfAborted();
    if (this.inside < this.places) {
      this.inside += 1;
      return this.wayOut();
    }
    if (this.waiting.length >= this.queue) return undefined;
    await this.turn(signal);
    return this.wayOut();
  }

  private turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const called = (): void => {
        signal.removeEventListener('abort', left);
        resolve();
      };
      const left = (): void => {
        this.waiting.splice(this.waiting.indexOf(called), 1);
        reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      signal.addEventListener('abort', left, { once: true });
      this.waiting.push(called);
    });
  }

  private wayOut(): () => void {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = this.waiting.shift();
      if (next) next();
      else this.inside -= 1;
    };
  }
}
