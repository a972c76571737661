import { expect, it } from '@jest/globals';
import { judgeDeaths } from './check-deaths.ts';

it('lets pass what said so or ended in time, and what was not dead', () => {
  expect(
    judgeDeaths([
      { fault: 'said', saidAfterMs: 29_000, worked: false },
      { fault: 'ended', goneAfterMs: 1_000, worked: false },
      { fault: 'lively', worked: true },
    ]),
  ).toEqual([]);
});

it('finds what died silently, and what was told late', () => {
  expect(
    judgeDeaths([
      { fault: 'silent', worked: false },
      { fault: 'late', saidAfterMs: 31_000, goneAfterMs: 40_000, worked: false },
    ]),
  ).toEqual(['silent: nothing worked, and the process stayed ready', 'late: it was told after 31.0 s only']);
});
