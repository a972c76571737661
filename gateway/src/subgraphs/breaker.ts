const OPENS_AFTER = 5;
const STAYS_OPEN_MS = 1_000;

/**
 * Keeps calls away from what has just failed five times in a row. Open for one second, then one call is let through as a
 * trial: its success closes the breaker, its failure opens it for another second.
 */
export class Breaker {
  private failures = 0;
  private openUntil = 0;
  private trial = false;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Whether a call may go out now; a `true` while open takes the trial, which must end in `succeeded`, `failed` or `released`. */
  admits(): boolean {
    if (this.failures < OPENS_AFTER) return true;
    if (this.trial || this.now() < this.openUntil) return false;
    this.trial = true;
    return true;
  }

  succeeded(): void {
    this.failures = 0;
    this.trial = false;
  }

  failed(): void {
    this.failures += 1;
    this.trial = false;
    if (this.failures >= OPENS_AFTER) this.openUntil = this.now() + STAYS_OPEN_MS;
  }

  /** Opens at once: the other side was seen not to answer. */
  trip(): void {
    this.failures = Math.max(this.failures, OPENS_AFTER - 1);
    this.failed();
  }

  /** The call ended without saying anything about the other side, e.g. because the client went away. */
  released(): void {
    this.trial = false;
  }

  get closed(): boolean {
    return this.failures < OPENS_AFTER;
  }
}
