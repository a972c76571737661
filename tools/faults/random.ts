import { createHash } from 'node:crypto';

/** Numbers from 0 to 1 that are the same for the same words (mulberry32, seeded by their SHA-256). */
export function seededRandom(...words: readonly (string | number)[]): () => number {
  let state = createHash('sha256').update(words.join('/')).digest().readUInt32LE(0);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from `from` up to, and without, `below`. */
export const between = (random: () => number, from: number, below: number): number =>
  from + Math.floor(random() * (below - from));

/** One of the list. @throws on an empty one. */
export function oneOf<Item>(random: () => number, items: readonly Item[]): Item {
  const item = items[between(random, 0, items.length)];
  if (item === undefined) throw new Error('There is nothing to choose from');
  return item;
}
