import type { ReadGate } from '@tongchou/event-store';
import type { DataSource } from 'typeorm';
import type { GraphContext } from './graph-context.ts';

/** The only way that resolvers read: as fresh as the request demands, and the answer says how fresh it was. */
export class Reads {
  readonly #gate: ReadGate;
  readonly #dataSource: DataSource;

  constructor(gate: ReadGate, dataSource: DataSource) {
    this.#gate = gate;
    this.#dataSource = dataSource;
  }

  /**
   * Reads the named models once they hold what `x-consistency-at-least` and the request's own commands demand. Throws
   * `StaleRead` after 2 s, at once when a model has stopped; with mode `best-effort` it reads what is there.
   */
  async query<T>(
    models: string | readonly string[],
    context: GraphContext,
    read: (db: DataSource) => Promise<T>,
  ): Promise<T> {
    const names = typeof models === 'string' ? [models] : [...models].toSorted();
    await this.#fresh(names, context);
    return read(this.#dataSource);
  }

  /** One wait for each set of models in an operation, however many fields ask. */
  #fresh(models: readonly string[], context: GraphContext): Promise<void> {
    const key = models.join(' ');
    const under = context.waits.get(key) ?? this.#wait(models, context);
    context.waits.set(key, under);
    return under;
  }

  async #wait(models: readonly string[], context: GraphContext): Promise<void> {
    const token = context.atLeast;
    try {
      context.note(await this.#gate.wait([...models], token, { mode: context.mode }));
    } catch (error) {
      context.note({ satisfied: false, behindMs: null });
      throw error;
    }
    context.freshness ??= await this.#gate.freshness();
  }
}
