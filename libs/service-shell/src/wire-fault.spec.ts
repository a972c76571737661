import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { dayField, idField, moneyField, textField } from './fields.ts';
import { inputFault } from './input-fault.ts';
import { wireFault } from './wire-fault.ts';

describe('a JSON value at the door', () => {
  it.each([
    ['NUL', { a: { b: 'x\u0000y' } }, ['a', 'b']],
    ['half a surrogate pair', { a: ['fine', '\ud800'] }, ['a', '1']],
    ['a text of 1 MB', { a: 'x'.repeat(1_048_576) }, ['a']],
    ['a number beyond', { a: Number('1e400') }, ['a']],
    ['__proto__', JSON.parse('{"a":{"__proto__":{"admin":true}}}'), ['a']],
    ['NUL in a name', { 'a\u0000': 1 }, []],
  ])('is refused for %s, with its path', (_, value, path) => {
    expect(wireFault(value)).toMatchObject({ path });
  });

  it('is refused when it is nested without end', () => {
    const deep: unknown = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    expect(wireFault(deep)?.message).toContain('deeper');
  });

  it('is otherwise what it is, in any language', () => {
    expect(wireFault({ name: '道路工程 🚧', amount: '1.50', list: [1, null, true] })).toBeUndefined();
  });
});

const input = z.strictObject({
  projectId: idField('Project', 'x'),
  amount: moneyField('x'),
  period: dayField('x'),
  name: textField('x', 5).optional(),
});
const right = { projectId: '0198c7a4-1b1c-5f0e-8a3c-2b8a1f4c7d90', amount: '1250.5', period: '2018-08-31' };

describe('the input of a command', () => {
  it('becomes what it means', () => {
    expect(input.parse(right)).toEqual({ ...right, amount: 125_050 });
  });

  it.each([
    ['amount', 12.5, 'amount: must be a decimal text such as "1250.50" (given: 12.5)'],
    ['amount', '1.005', 'amount: must be a decimal text with at most two places, such as "1250.50" (given: "1.005")'],
    ['amount', '１２', 'amount: must be a decimal text with at most two places, such as "1250.50" (given: "１２")'],
    ['amount', '99999999999999.99', 'amount: is more money than can be kept (given: "99999999999999.99")'],
    ['period', '2018-02-30', 'period: is no day of the calendar (given: "2018-02-30")'],
    ['projectId', 'x', 'projectId: must be a UUID in lower case (given: "x")'],
    ['name', '  ', 'name: must not be empty (given: "  ")'],
    ['name', 'longer', 'name: must be at most 5 characters (given: "longer")'],
    ['period', undefined, 'period is required'],
    ['more', 1, 'there is no field more'],
  ])('says what is wrong with %s = %j', (field, value, message) => {
    const parsed = input.safeParse({ ...right, [field]: value }, { reportInput: true });
    expect(parsed.success).toBe(false);
    expect(inputFault(parsed.error?.issues ?? [])).toEqual({
      status: 'invalid',
      code: 'BAD_USER_INPUT',
      message,
      path: [field],
    });
  });
});
