import type { GraphContext } from './graph-context.ts';

const BATCH_MAX = 1_000;

interface Waiting<T> {
  readonly key: string;
  readonly resolve: (value: T | undefined) => void;
  readonly reject: (reason: unknown) => void;
}

type Load<T> = (keys: readonly string[]) => Promise<ReadonlyMap<string, T>>;

/**
 * Loads what one operation asks for by key in sets: all keys asked for in the same step, by `_entities` or by a field of
 * many parents, become one call of `load` (at most 1,000 keys each), hence one SQL. `name` tells loads apart: the same name
 * always has the same `load`. Answers `undefined` for a key that `load` does not answer.
 */
export function batched<T>(
  context: Pick<GraphContext, 'batches'>,
  name: string,
  key: string,
  load: Load<T>,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    // Only this function fills the map, and a name has one type of value.
    const open = context.batches.get(name) as Waiting<T>[] | undefined;
    if (open) {
      open.push({ key, resolve, reject });
      return;
    }
    const batch: Waiting<T>[] = [{ key, resolve, reject }];
    context.batches.set(name, batch);
    // Resolvers of one step are called within microtasks of each other: everything of the step has asked by then.
    setImmediate(() => {
      context.batches.delete(name);
      for (let start = 0; start < batch.length; start += BATCH_MAX)
        void settle(batch.slice(start, start + BATCH_MAX), load);
    });
  });
}

async function settle<T>(batch: readonly Waiting<T>[], load: Load<T>): Promise<void> {
  try {
    const found = await load([...new Set(batch.map((one) => one.key))]);
    for (const one of batch) one.resolve(found.get(one.key));
  } catch (error) {
    for (const one of batch) one.reject(error);
  }
}
