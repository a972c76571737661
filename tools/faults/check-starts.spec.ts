import { expect, it } from '@jest/globals';
import { judgeStarts } from './check-starts.ts';

const sound = { round: 1, starters: 5, carriedOut: 1, writtenDown: 1, faults: [], answers: 5 };

it('is content when one of five migrated and all came up', () => {
  expect(judgeStarts([sound, { ...sound, round: 2 }])).toEqual([]);
});

it('finds what was done twice, what was not written down, and who did not come up', () => {
  const bad = { ...sound, carriedOut: 2, writtenDown: 0, faults: ['duplicate key'], answers: 4 };
  expect(judgeStarts([sound, bad])).toEqual([
    'round 1: the migration was carried out 2 times',
    'round 1: the migration is written down 0 times',
    'round 1: 1 of 5 gave no answer',
    'round 1: an instance did not come up: duplicate key',
  ]);
});
