import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isoDate } from './dates.ts';
import type { IsoDate } from './dates.ts';
import { accepting, noveltyOf, quarantining, standing, unreported, wasSaid } from './reported.ts';
import type { Novelty, Reported, ReportedValue } from './reported.ts';

const [may, june, july, august] = [5, 6, 7, 8].map((month) => isoDate(`2018-0${month}-01`)) as [
  IsoDate,
  IsoDate,
  IsoDate,
  IsoDate,
];

type Given = readonly (readonly [IsoDate, number])[];

const saying = (given: Given): Reported<number> =>
  given.reduce<Reported<number>>((said, [period, value]) => accepting(said, period, value), unreported);

describe('what a report adds', () => {
  it.each<[string, Given, ReportedValue<number>, Novelty]>([
    ['nothing was accepted before', [], [june, 1], 'First'],
    ['the same value for the same period', [[june, 1]], [june, 1], 'Seen'],
    ['another value for the standing period', [[june, 1]], [june, 2], 'Revised'],
    ['another value for a later period', [[june, 1]], [july, 2], 'Revised'],
    ['the standing value for a later period', [[june, 1]], [july, 1], 'Restated'],
    [
      'a former value again',
      [
        [june, 1],
        [july, 2],
      ],
      [august, 1],
      'Revised',
    ],
    [
      'a former value of the standing period again',
      [
        [june, 1],
        [june, 2],
      ],
      [june, 1],
      'Seen',
    ],
    [
      'another value for an earlier period',
      [
        [may, 1],
        [july, 3],
      ],
      [june, 2],
      'Late',
    ],
    [
      'what stood then, but no longer stands',
      [
        [may, 1],
        [july, 3],
      ],
      [june, 1],
      'Late',
    ],
    [
      'what stands now, but did not stand then',
      [
        [may, 1],
        [july, 3],
      ],
      [june, 3],
      'Late',
    ],
    [
      'what stood then and stands now',
      [
        [may, 1],
        [july, 1],
      ],
      [june, 1],
      'Restated',
    ],
    ['what stands now, for a period before all others', [[june, 1]], [may, 1], 'Restated'],
    ['another value for a period before all others', [[june, 1]], [may, 2], 'Late'],
  ])('%s', (_, given, [period, value], novelty) => {
    expect(noveltyOf(saying(given), period, value)).toBe(novelty);
  });

  it('a quarantined value was said, and never stands', () => {
    const said = quarantining(saying([[june, 1]]), july, 99);
    expect(wasSaid(said, july, 99)).toBe(true);
    expect(noveltyOf(said, july, 99)).toBe('Seen');
    expect(noveltyOf(said, august, 99)).toBe('Revised');
    expect(standing(said)).toEqual([june, 1]);
  });

  it('in whatever order values arrive, the one of the latest period stands', () => {
    const periods = fc.uniqueArray(fc.constantFrom(may, june, july, august), { minLength: 1 });
    const values = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(periods, values, (order, valueOf) => {
        const given = order.map((period, index) => [period, valueOf[index] ?? 0] as const);
        const latest = given.toSorted(([one], [other]) => one.localeCompare(other)).at(-1);
        expect(standing(saying(given))).toEqual(latest);
      }),
    );
  });
});
