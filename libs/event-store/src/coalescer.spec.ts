import { describe, expect, it } from '@jest/globals';
import { createCoalescer } from './coalescer.ts';
import { Unavailable } from './errors.ts';

const refused = Object.assign(new Error('invalid input'), { code: '22P02' });
const deadlock = Object.assign(new Error('deadlock'), { code: '40P01' });

interface Lane {
  readonly batches: number[][];
  readonly submit: (item: number) => Promise<number>;
  mostInFlight(): number;
}

function lane(
  work: (items: readonly number[]) => Promise<void>,
  { maxWaiting = 1_000, most = { count: 5, bytes: 100 } } = {},
): Lane {
  const batches: number[][] = [];
  let inFlight = 0;
  let highest = 0;
  const submit = createCoalescer<number, number>({
    name: 'numbers',
    async run(items) {
      batches.push([...items]);
      highest = Math.max(highest, (inFlight += 1));
      await work(items).finally(() => (inFlight -= 1));
      return items.map((item) => item * 10);
    },
    weigh: (item) => ({ count: 1, bytes: item }),
    most,
    maxInFlight: 2,
    maxWaiting,
  });
  return { batches, submit, mostInFlight: () => highest };
}

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('what comes together', () => {
  it('goes together, at most so many and so much at once, two statements in flight, answers in order', async () => {
    const { batches, submit, mostInFlight } = lane(soon);
    const items = [1, 2, 3, 4, 5, 6, 7, 60, 50, 200, 8];
    expect(await Promise.all(items.map(submit))).toEqual(items.map((item) => item * 10));
    expect(batches).toEqual([[1, 2, 3, 4, 5], [6, 7, 60], [50], [200], [8]]);
    expect(mostInFlight()).toBe(2);
  });

  it('is shared equally among the statements in flight when it is much', async () => {
    const { batches, submit } = lane(soon, { most: { count: 200, bytes: 1_000 } });
    await Promise.all(Array.from({ length: 100 }, () => submit(1)));
    expect(batches.map(({ length }) => length)).toEqual([50, 50]);
    await Promise.all(Array.from({ length: 20 }, () => submit(1)));
    expect(batches.map(({ length }) => length)).toEqual([50, 50, 20]);
  });

  it('is told to come back when too many wait', async () => {
    const { submit } = lane(soon, { maxWaiting: 3 });
    const settled = await Promise.allSettled([1, 2, 3, 4].map(submit));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
    expect(settled[3]).toMatchObject({ reason: { code: 'UNAVAILABLE', retryable: true } });
  });
});

describe('an error', () => {
  it('in the data of one item fails that item alone', async () => {
    const { submit } = lane((items) => (items.includes(3) ? Promise.reject(refused) : soon()));
    const settled = await Promise.allSettled([1, 2, 3, 4].map(submit));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(settled[2]).toMatchObject({ reason: refused });
  });

  it('of the connection fails all at once as retryable, without another try', async () => {
    const { batches, submit } = lane(() => Promise.reject(new Error('Connection terminated unexpectedly')));
    const settled = await Promise.allSettled([1, 2, 3].map(submit));
    expect(settled.every((one) => one.status === 'rejected' && one.reason instanceof Unavailable)).toBe(true);
    expect(batches).toHaveLength(1);
  });

  it('of contention is tried again alone, three times', async () => {
    const { batches, submit } = lane((items) => (items.includes(2) ? Promise.reject(deadlock) : soon()));
    const settled = await Promise.allSettled([1, 2, 3].map(submit));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(settled[1]).toMatchObject({ reason: { code: 'UNAVAILABLE', cause: deadlock } });
    expect(batches).toEqual([[1, 2, 3], [1], [2], [2], [2], [3]]);
  });
});
