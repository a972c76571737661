import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cents, formatMoney, parseMoney, splitEqually, sumCents } from './cents.ts';

const amounts = fc.maxSafeInteger().map(cents);

describe('money', () => {
  it('reads and writes two places', () => {
    expect(parseMoney('1250.5')).toBe(125_050);
    expect(parseMoney('-0.01')).toBe(-1);
    expect(formatMoney(cents(-5))).toBe('-0.05');
    expect(formatMoney(cents(3_120_012_650_162))).toBe('31200126501.62');
    expect(formatMoney(-123_456_789_012_345_678_901n)).toBe('-1234567890123456789.01');
  });

  it.each(['', '1,000', '1.234', '1e5', 'NaN', '１２', ' 1', '+1', '1.', '.5', '99999999999999999'])(
    'does not take %j for an amount',
    (text) => expect(parseMoney(text)).toBeUndefined(),
  );

  it('has one zero', () => expect(Object.is(parseMoney('-0'), 0)).toBe(true));

  it('reads what it wrote', () =>
    fc.assert(
      fc.property(fc.integer({ min: -1e15, max: 1e15 }).map(cents), (amount) => {
        expect(parseMoney(formatMoney(amount))).toBe(amount);
      }),
    ));

  it('splits into parts that sum to the whole, the first ones taking what is left over', () => {
    expect(splitEqually(cents(100), 3)).toEqual([34, 33, 33]);
    expect(splitEqually(cents(-100), 3)).toEqual([-34, -33, -33]);
    fc.assert(
      fc.property(amounts, fc.integer({ min: 1, max: 40 }), (amount, parts) => {
        expect(sumCents(splitEqually(amount, parts))).toBe(amount);
      }),
    );
  });

  it('refuses to lose a cent to size', () => {
    expect(() => cents(0.5)).toThrow(RangeError);
    expect(() => sumCents([cents(Number.MAX_SAFE_INTEGER), cents(1)])).toThrow(RangeError);
  });
});
