import { describe, expect, it } from '@jest/globals';
import { cursorOf, pageOf } from './history-page.ts';
import type { PageArguments } from './history-page.ts';

describe('a page of a stream with every version from 1 to 60', () => {
  it.each<[string, PageArguments, number, number]>([
    ['the first 25 unless more is asked for', {}, 1, 25],
    ['the first ones', { first: 10 }, 1, 10],
    ['those after a cursor', { first: 10, after: cursorOf(10) }, 11, 20],
    ['what is left', { first: 200, after: cursorOf(55) }, 56, 60],
    ['the last ones', { last: 10 }, 51, 60],
    ['those before a cursor', { last: 10, before: cursorOf(51) }, 41, 50],
    ['those between two cursors', { first: 10, after: cursorOf(10), before: cursorOf(13) }, 11, 12],
    ['null is not given', { first: null, after: null, last: 2, before: null }, 59, 60],
  ])('%s', (_, page, from, to) => {
    expect(pageOf(60, page)).toEqual({ from, to });
  });

  it.each<PageArguments>([{ first: 0 }, { last: 0 }, { after: cursorOf(60) }, { before: cursorOf(1) }])(
    'nothing for %j',
    (page) => {
      const { from, to } = pageOf(60, page);
      expect(to).toBeLessThan(from);
    },
  );

  it.each<PageArguments>([
    { first: -1 },
    { first: 201 },
    { last: 201 },
    { first: 1, last: 1 },
    { after: 'xx' },
    { before: cursorOf(0) },
    { after: Buffer.from('v99999999999').toString('base64url') },
  ])('is refused for %j', (page) => {
    expect(() => pageOf(60, page)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
  });
});
