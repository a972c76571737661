import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { batched } from './batched.ts';
import { GraphContext } from './graph-context.ts';

const context = (): GraphContext => new GraphContext(new IncomingMessage(new Socket()));

describe('loads of one step', () => {
  it('are one, with each key once; a key without an answer is undefined', async () => {
    const asked: (readonly string[])[] = [];
    const load = (keys: readonly string[]) => {
      asked.push(keys);
      return Promise.resolve(new Map(keys.filter((key) => key !== 'c').map((key) => [key, key.toUpperCase()])));
    };
    const one = context();
    const late = Promise.resolve().then(() => batched(one, 'x', 'c', load));
    expect(await Promise.all([...['a', 'b', 'a'].map((key) => batched(one, 'x', key, load)), late])).toEqual([
      'A',
      'B',
      'A',
      undefined,
    ]);
    expect(asked).toEqual([['a', 'b', 'c']]);
  });

  it('are at most 1,000 keys each, and apart for each operation and name', async () => {
    const sizes: number[] = [];
    const load = (keys: readonly string[]) => {
      sizes.push(keys.length);
      return Promise.resolve(new Map<string, string>());
    };
    const [one, other] = [context(), context()];
    const keys = Array.from({ length: 2_100 }, (_, index) => String(index));
    await Promise.all([
      ...keys.map((key) => batched(one, 'x', key, load)),
      batched(one, 'y', '1', load),
      batched(other, 'x', '1', load),
    ]);
    expect(sizes.toSorted((a, b) => b - a)).toEqual([1_000, 1_000, 100, 1, 1]);
  });

  it('fail together', async () => {
    const one = context();
    const load = () => Promise.reject(new Error('away'));
    const all = await Promise.allSettled(['a', 'b'].map((key) => batched(one, 'x', key, load)));
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
