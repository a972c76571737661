import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addDays, addYears, daysBetween, isoDate, parseIsoDate } from './dates.ts';

const days = fc
  .date({ min: new Date('0100-01-01'), max: new Date('9000-12-31'), noInvalidDate: true })
  .map((date) => isoDate(date.toISOString().slice(0, 10)));

describe('days', () => {
  it.each(['2018-02-29', '2018-13-01', '2018-1-1', '01/02/2018', '0000-01-01', '2018-08-31T00:00', ''])(
    'knows no day %j',
    (text) => expect(parseIsoDate(text)).toBeUndefined(),
  );

  it('counts days across leap years', () => {
    expect(daysBetween(isoDate('2016-02-28'), isoDate('2016-03-01'))).toBe(2);
    expect(addDays(isoDate('2018-08-31'), -180)).toBe('2018-03-04');
  });

  it('counts years by the calendar, 29 February as 28 where there is none', () => {
    expect(addYears(isoDate('2016-02-29'), 1)).toBe('2017-02-28');
    expect(addYears(isoDate('2016-02-29'), 20)).toBe('2036-02-29');
    expect(addYears(isoDate('2016-02-29'), -2000)).toBe('0016-02-29');
  });

  it('adds back what it counted', () =>
    fc.assert(fc.property(days, days, (from, to) => expect(addDays(from, daysBetween(from, to))).toBe(to))));
});
