import { expect, it } from '@jest/globals';
import { currentVersion, upcast, type UpcasterChains } from './upcast.ts';

const chains: UpcasterChains = {
  Renamed: [(data) => ({ ...data, second: true }), (data) => ({ ...data, third: true })],
};

it('writes a type in the version behind its last step, and 1 where nothing has changed', () => {
  expect(currentVersion(chains, 'Renamed')).toBe(3);
  expect(currentVersion(chains, 'Other')).toBe(1);
  expect(currentVersion(chains, 'constructor')).toBe(1);
});

it('leads data from its version to today, and no further', () => {
  expect(upcast(chains, 'Renamed', 1, { a: 1 })).toEqual({ a: 1, second: true, third: true });
  expect(upcast(chains, 'Renamed', 2, { a: 1 })).toEqual({ a: 1, third: true });
  expect(upcast(chains, 'Renamed', 3, { a: 1 })).toEqual({ a: 1 });
});

it.each([0, 4, 1.5, Number.NaN])('does not know version %d', (version) => {
  expect(upcast(chains, 'Renamed', version, {})).toBeUndefined();
});
