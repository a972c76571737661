import { performance } from 'node:perf_hooks';
import { Unavailable } from './errors.ts';

export interface StreamGateOptions<Item, Result> {
  /** Takes the items of one stream in order; one settled result each. */
  readonly process: (streamId: string, items: readonly Item[]) => Promise<readonly PromiseSettledResult<Result>[]>;
  /** Items taken at once. */
  readonly maxBatch: number;
  /** Items of one stream that may wait; above, callers are told to come back. */
  readonly maxWaiting: number;
  /** Told of each batch that had to wait: its items, and how long the first of them waited. */
  readonly onWaited?: (items: number, seconds: number) => void;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly since: number;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * One thing at a time for each stream, and together what has gathered meanwhile: a hot stream costs one round a batch.
 * Streams do not wait for each other.
 */
export function createStreamGate<Item, Result>(
  options: StreamGateOptions<Item, Result>,
): (streamId: string, item: Item) => Promise<Result> {
  const queues = new Map<string, Waiting<Item, Result>[]>();

  const settle = async (streamId: string, batch: readonly Waiting<Item, Result>[]): Promise<void> => {
    try {
      const results = await options.process(
        streamId,
        batch.map(({ item }) => item),
      );
      batch.forEach(({ resolve, reject }, at) => {
        const result = results[at];
        if (result?.status === 'fulfilled') resolve(result.value);
        else reject(result?.reason ?? new Error('A batch answered fewer results than it was asked for'));
      });
    } catch (error) {
      batch.forEach(({ reject }) => reject(error));
    }
  };

  const drain = async (streamId: string, queue: Waiting<Item, Result>[]): Promise<void> => {
    for (let waited = false; queue.length > 0; waited = true) {
      const batch = queue.splice(0, options.maxBatch);
      const [first] = batch;
      if (waited && first) options.onWaited?.(batch.length, (performance.now() - first.since) / 1_000);
      await settle(streamId, batch);
    }
    queues.delete(streamId);
  };

  return (streamId, item) =>
    new Promise<Result>((resolve, reject) => {
      const queue = queues.get(streamId) ?? [];
      if (queue.length >= options.maxWaiting) {
        reject(new Unavailable(`${options.maxWaiting} commands wait for ${streamId} already: send it again later`));
        return;
      }
      queue.push({ item, since: performance.now(), resolve, reject });
      if (queues.has(streamId)) return;
      queues.set(streamId, queue);
      queueMicrotask(() => void drain(streamId, queue));
    });
}
