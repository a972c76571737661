import { expect, it } from '@jest/globals';
import { givenWords, listedWords, writtenPlace } from './written-place.ts';

it('parts a list by a comma and a space, each word once, as it is written', () => {
  expect(listedWords('Bronx, Queens, Bronx')).toEqual(['Bronx', 'Queens']);
  expect(listedWords('Bronx,Queens, , bronx ')).toEqual(['Bronx,Queens', 'bronx ']);
  expect(listedWords('')).toEqual([]);
});

it('takes an empty text for none', () => {
  expect([givenWords(''), givenWords(' ')]).toEqual([null, ' ']);
});

it('says of a place what was said, and no more', () => {
  expect(writtenPlace({})).toEqual({});
  expect(writtenPlace({ managingDepartment: '', districts: 'Bronx' })).toEqual({
    department: null,
    districts: ['Bronx'],
  });
  expect(writtenPlace({ districts: '' })).toEqual({ districts: [] });
});
