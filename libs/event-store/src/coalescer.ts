import { databaseErrorKind } from './database-error.ts';
import { Unavailable } from './errors.ts';

export interface Weight {
  readonly count: number;
  readonly bytes: number;
}

export interface CoalescerOptions<Item, Result> {
  /** What it carries, for errors. */
  readonly name: string;
  /** One statement for all items: a result each, in order. */
  readonly run: (items: readonly Item[]) => Promise<readonly Result[]>;
  readonly weigh: (item: Item) => Weight;
  /** Of one statement. */
  readonly most: Weight;
  readonly maxInFlight: number;
  /** Items that may wait; above, callers are told to come back. */
  readonly maxWaiting: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly weight: Weight;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * Above, what is outstanding is shared equally among the statements in flight: one of 200 beside one of 56 would let the
 * database and this process wait for each other in turns. Below, a statement's own cost outweighs that.
 */
const WORTH_SHARING = 32;
/** Tries of a single item whose statement was rolled back for somebody else's sake. */
const TRIES_ALONE = 3;

async function runAlone<Item, Result>(
  run: CoalescerOptions<Item, Result>['run'],
  { item, resolve, reject }: Waiting<Item, Result>,
): Promise<void> {
  for (let left = TRIES_ALONE; ; left -= 1) {
    try {
      for (const result of await run([item])) resolve(result);
      return;
    } catch (error) {
      const kind = databaseErrorKind(error);
      if (kind === 'contention' && left > 1) continue;
      return reject(
        kind === 'data' ? error : new Unavailable('PostgreSQL did not answer: send it again', { cause: error }),
      );
    }
  }
}

async function settle<Item, Result>(
  run: CoalescerOptions<Item, Result>['run'],
  batch: readonly Waiting<Item, Result>[],
): Promise<void> {
  try {
    const results = await run(batch.map(({ item }) => item));
    batch.forEach((waiting, at) => {
      const result = results[at];
      if (result === undefined) waiting.reject(new Error('A statement answered fewer rows than it was asked for'));
      else waiting.resolve(result);
    });
  } catch (error) {
    if (databaseErrorKind(error) === 'connection') {
      const unavailable = new Unavailable('PostgreSQL did not answer: send it again', { cause: error });
      batch.forEach((waiting) => waiting.reject(unavailable));
    } else {
      for (const waiting of batch) await runAlone(run, waiting);
    }
  }
}

/**
 * Lets concurrent callers share statements, never waiting for more of them: what came within one turn of the event loop,
 * or while the statements in flight ran, goes together. A statement that PostgreSQL refuses runs again item by item, so that
 * only the culprit fails; when the outcome is unknown all fail at once, as `Unavailable`.
 *
 * @returns submits one item. Rejects with PostgreSQL's own error when the item's data is refused.
 */
export function createCoalescer<Item, Result>(
  options: CoalescerOptions<Item, Result>,
): (item: Item) => Promise<Result> {
  const { run, weigh, most, maxInFlight, maxWaiting } = options;
  const queue: Waiting<Item, Result>[] = [];
  let inFlight = 0;
  let scheduled = false;
  /** Of all that waits and flies. */
  let outstanding = 0;

  const take = (): Waiting<Item, Result>[] => {
    let count = 0;
    let bytes = 0;
    const share = Math.min(most.count, Math.max(WORTH_SHARING, Math.ceil(outstanding / maxInFlight)));
    const end = queue.findIndex(({ weight }, at) => {
      count += weight.count;
      bytes += weight.bytes;
      return at > 0 && (count > share || bytes > most.bytes);
    });
    return queue.splice(0, end === -1 ? queue.length : end);
  };

  const schedule = (): void => {
    if (scheduled || queue.length === 0 || inFlight >= maxInFlight) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      while (queue.length > 0 && inFlight < maxInFlight) {
        inFlight += 1;
        const batch = take();
        void settle(run, batch).finally(() => {
          inFlight -= 1;
          outstanding -= batch.reduce((sum, { weight }) => sum + weight.count, 0);
          schedule();
        });
      }
    });
  };

  return (item) => {
    if (queue.length >= maxWaiting) {
      return Promise.reject(new Unavailable(`${maxWaiting} ${options.name} are waiting already: send it again later`));
    }
    return new Promise<Result>((resolve, reject) => {
      const weight = weigh(item);
      outstanding += weight.count;
      queue.push({ item, weight, resolve, reject });
      schedule();
    });
  };
}
