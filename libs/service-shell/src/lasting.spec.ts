import { expect, it } from '@jest/globals';
import { Lasting } from './lasting.ts';

it('tells for how long something has been so, and begins anew when it was not', () => {
  let ms = 0;
  const lasting = new Lasting(() => ms);
  const at = (now: number, holds: boolean): number => {
    ms = now;
    return lasting.of('unled', holds);
  };
  expect([at(0, true), at(5_000, true), at(20_000, true)]).toEqual([0, 5, 20]);
  expect([at(25_000, false), at(30_000, true), at(31_000, true)]).toEqual([0, 0, 1]);
});

it('tells for how long a place with something to do has not changed, each by its name', () => {
  let ms = 0;
  const lasting = new Lasting(() => ms);
  expect(lasting.standstill('relay', '7', true)).toBe(0);
  ms = 10_000;
  expect(lasting.standstill('relay', '7', true)).toBe(10);
  expect(lasting.standstill('model', '7', true)).toBe(0);
  expect(lasting.standstill('relay', '8', true)).toBe(0);
  ms = 30_000;
  expect(lasting.standstill('relay', '8', false)).toBe(0);
  expect(lasting.standstill('relay', '8', true)).toBe(0);
  expect(lasting.standstill('model', '7', true)).toBe(20);
});
