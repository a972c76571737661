import { expect, it } from '@jest/globals';
import { checkUnblocked, checkWithin, doneAfter } from './check-recovery.ts';

it('finds commands that wait for the bus', () => {
  expect(checkUnblocked('broker frozen', [{ at: 0, ms: 40, done: true }])).toEqual([]);
  expect(checkUnblocked('broker frozen', [{ at: 0, ms: 9_000, done: false }])).toEqual([
    'broker frozen: not one command was done',
    'broker frozen: a command took 9000 ms, not 5000',
  ]);
});

it('measures from an instant to the first command that is done after it', () => {
  const tried = [
    { at: 50, ms: 10, done: true },
    { at: 120, ms: 30, done: false },
    { at: 200, ms: 25, done: true },
  ];
  expect(doneAfter(100, tried)).toBe(125);
  expect(doneAfter(300, tried)).toBeUndefined();
});

it('finds what takes too long, and what never comes back', () => {
  expect(checkWithin('takeover', 900, 1_000)).toEqual([]);
  expect(checkWithin('takeover', 1_001, 1_000)).toHaveLength(1);
  expect(checkWithin('takeover', undefined, 1_000)).toHaveLength(1);
});
