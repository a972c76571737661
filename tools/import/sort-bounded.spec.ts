import { afterAll, expect, it } from '@jest/globals';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { sortBounded } from './sort-bounded.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'sort-spec-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Item {
  readonly key: number;
  readonly text: string;
}

const byKey = (a: Item, b: Item): number => a.key - b.key || (a.text < b.text ? -1 : 1);

async function* given(items: readonly Item[]): AsyncGenerator<Item> {
  for (const item of items) yield item;
}

it('gives what a sort in memory gives, however little memory it has', async () => {
  const items = fc.array(fc.record({ key: fc.integer({ min: 0, max: 50 }), text: fc.string({ unit: 'binary' }) }), {
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(items, fc.integer({ min: 1, max: 500 }), async (all, inMemory) => {
      const sorted = await Array.fromAsync(
        sortBounded(given(all), byKey, path.join(folder, 'a'), { inMemory, fanIn: 3 }),
      );
      expect(sorted.map(({ key }) => key)).toEqual(all.map(({ key }) => key).sort((a, b) => a - b));
      expect(new Set(sorted.map(({ text }) => text))).toEqual(new Set(all.map(({ text }) => text)));
    }),
    { numRuns: 40 },
  );
});

it('leaves nothing behind, also when its reader stops early', async () => {
  const all = Array.from({ length: 100 }, (_, key) => ({ key: 100 - key, text: 'x'.repeat(50) }));
  for await (const item of sortBounded(given(all), byKey, path.join(folder, 'b'), { inMemory: 500, fanIn: 4 })) {
    expect(item.key).toBe(1);
    expect((await readdir(path.join(folder, 'b'))).length).toBeGreaterThan(1);
    break;
  }
  await expect(readdir(path.join(folder, 'b'))).rejects.toThrow('ENOENT');
});
