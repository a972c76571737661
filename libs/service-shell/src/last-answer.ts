import { within } from '@tongchou/messaging';

const PATIENCE_MS = 2_000;

/** Asks what may hang, as a bus may: waits two seconds at most, and never has two questions under way. */
export class LastAnswer<Answer> {
  readonly #question: () => Promise<Answer>;
  #underWay: Promise<Answer | undefined> | undefined;
  #last: Answer | undefined;

  constructor(question: () => Promise<Answer>) {
    this.#question = question;
  }

  /** What was answered last, however long ago. */
  get last(): Answer | undefined {
    return this.#last;
  }

  /** The answer of now; `undefined` when there is none in time. */
  async ask(): Promise<Answer | undefined> {
    this.#underWay ??= this.#begin();
    return within(PATIENCE_MS, 'the answer', this.#underWay).catch(() => undefined);
  }

  async #begin(): Promise<Answer | undefined> {
    try {
      return (this.#last = await this.#question());
    } catch {
      return undefined;
    } finally {
      this.#underWay = undefined;
    }
  }
}
