import { describe, expect, it } from '@jest/globals';
import { hashOf, judgeRebuilt } from './rebuild-checker.ts';

const rows = [
  { name: 'a', facts: 1 },
  { name: 'b', facts: 2 },
];

describe('a rebuilt table', () => {
  it('is right when it holds the same rows, in whatever order of rows and columns', () => {
    const turned = [
      { facts: 2, name: 'b' },
      { facts: 1, name: 'a' },
    ];
    expect(hashOf(turned)).toBe(hashOf(rows));
    expect(judgeRebuilt('tally', turned, rows, 'a fresh fold')).toEqual([]);
  });

  it('is wrong when a row counts otherwise, lacks, or is there without reason', () => {
    const [judged] = judgeRebuilt('tally', [{ name: 'a', facts: 2 }], rows, 'a fresh fold');
    expect(judged).toMatch(/^tally, rebuilt: 1 rows are not as in a fresh fold, 2 rows are missing/);
    expect(judgeRebuilt('tally', [...rows, { name: 'c', facts: 1 }], rows, 'a fresh fold')).toHaveLength(1);
  });
});
