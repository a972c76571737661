import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { jsonLines } from './json-lines.ts';

export interface SortLimits {
  /** How much is held in memory at once, as characters of JSON. */
  readonly inMemory: number;
  /** How many spilled runs are merged at once. */
  readonly fanIn: number;
}

const LIMITS: SortLimits = { inMemory: 8_000_000, fanIn: 32 };

interface Run<Item> {
  readonly head: Item;
  readonly rest: AsyncIterator<Item>;
}

async function* merge<Item>(
  sources: readonly AsyncIterable<Item>[],
  compare: (a: Item, b: Item) => number,
): AsyncGenerator<Item> {
  const runs: Run<Item>[] = [];
  for (const source of sources) {
    const rest = source[Symbol.asyncIterator]();
    const first = await rest.next();
    if (!first.done) runs.push({ head: first.value, rest });
  }
  while (runs.length > 0) {
    let least = 0;
    for (let at = 1; at < runs.length; at += 1) if (lessThan(runs[at], runs[least], compare)) least = at;
    const run = runs[least];
    if (!run) return;
    yield run.head;
    const next = await run.rest.next();
    if (next.done) runs.splice(least, 1);
    else runs[least] = { head: next.value, rest: run.rest };
  }
}

const lessThan = <Item>(
  a: Run<Item> | undefined,
  b: Run<Item> | undefined,
  compare: (a: Item, b: Item) => number,
): boolean => a !== undefined && b !== undefined && compare(a.head, b.head) < 0;

async function* asLines<Item>(items: Iterable<Item> | AsyncIterable<Item>): AsyncGenerator<string> {
  for await (const item of items) yield `${JSON.stringify(item)}\n`;
}

/**
 * Sorts plain data of any amount with bounded memory: what does not fit is spilled to files in `folder` and merged. Items
 * that compare equal keep no order, so let `compare` tell them apart. The folder is emptied when the last item is taken.
 */
export async function* sortBounded<Item>(
  items: AsyncIterable<Item>,
  compare: (a: Item, b: Item) => number,
  folder: string,
  limits: SortLimits = LIMITS,
): AsyncGenerator<Item> {
  const files: string[] = [];
  const spill = async (sorted: Iterable<Item> | AsyncIterable<Item>): Promise<void> => {
    await mkdir(folder, { recursive: true });
    const file = path.join(folder, `run-${files.length}-${Math.random().toString(36).slice(2)}`);
    await pipeline(Readable.from(asLines(sorted)), createWriteStream(file, { mode: 0o600 }));
    files.push(file);
  };
  try {
    let held: Item[] = [];
    let size = 0;
    for await (const item of items) {
      held.push(item);
      size += JSON.stringify(item).length;
      if (size <= limits.inMemory) continue;
      await spill(held.sort(compare));
      held = [];
      size = 0;
    }
    held.sort(compare);
    while (files.length > limits.fanIn) {
      const oldest = files.splice(0, limits.fanIn);
      await spill(
        merge(
          oldest.map((file) => jsonLines<Item>(file)),
          compare,
        ),
      );
      for (const file of oldest) await rm(file);
    }
    const runs = files.map((file) => jsonLines<Item>(file));
    yield* merge([...runs, Readable.from(held) satisfies AsyncIterable<Item>], compare);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
