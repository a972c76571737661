import { expect, it } from '@jest/globals';
import { checkOnce, type Intention } from './check-once.ts';

const answer = (version: number, status: 'accepted' | 'repeated' = 'repeated') => ({
  status,
  consistencyToken: `projects:Project:0@${version}`,
});
const good: Intention = { id: 'a', dropped: answer(2, 'accepted'), told: [answer(2), answer(2), answer(2)] };

it('finds nothing where each thing was done once and every answer is the same', () => {
  const unheard: Intention = { id: 'b', told: [answer(5, 'accepted'), answer(5), answer(5)] };
  const facts = new Map([
    ['a', 1],
    ['b', 1],
  ]);
  expect(checkOnce([good, unheard], facts)).toEqual([]);
});

it('finds what was done twice, never, answered differently, or not answered', () => {
  expect(checkOnce([good], new Map([['a', 2]]))).toEqual(['a was done 2 times']);
  expect(checkOnce([good], new Map())).toEqual(['a was answered repeated and never done']);
  const moved = { ...good, told: [answer(2), answer(2), answer(4)] };
  expect(checkOnce([moved], new Map([['a', 1]]))).toEqual(['a was told 2 and 4 as its version']);
  const silent = { ...good, told: [answer(2)] };
  expect(checkOnce([silent], new Map([['a', 1]]))).toEqual(['a was answered 1 of 3 times']);
});
