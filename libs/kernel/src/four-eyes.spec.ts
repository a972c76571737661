import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fourEyes, type Step } from './four-eyes.ts';

const step = (name: string, subject: string, more: { onBehalfOf?: string; contentHash?: string } = {}): Step => {
  const { onBehalfOf, contentHash = 'h1' } = more;
  return { name, actor: { subject, ...(onBehalfOf !== undefined && { onBehalfOf }) }, contentHash };
};

describe('four eyes', () => {
  it('lets maker, checker and payer follow each other when all differ', () => {
    expect(fourEyes([], step('made', 'li'))).toBeUndefined();
    expect(fourEyes([step('made', 'li')], step('checked', 'wang'))).toBeUndefined();
    expect(fourEyes([step('made', 'li'), step('checked', 'wang')], step('paid', 'zhao'))).toBeUndefined();
  });

  it('refuses the same person, in any two steps', () => {
    expect(fourEyes([step('made', 'li')], step('checked', 'li'))).toMatchObject({ rejected: 'SamePerson' });
    expect(fourEyes([step('made', 'li'), step('checked', 'wang')], step('paid', 'li'))).toMatchObject({
      rejected: 'SamePerson',
      detail: { person: 'li', before: 'made', now: 'paid' },
    });
  });

  it('sees through delegation in both directions', () => {
    expect(fourEyes([step('made', 'li')], step('checked', 'wang', { onBehalfOf: 'li' }))).toBeDefined();
    expect(fourEyes([step('made', 'li', { onBehalfOf: 'wang' })], step('checked', 'wang'))).toBeDefined();
    expect(
      fourEyes([step('made', 'li', { onBehalfOf: 'chen' })], step('checked', 'wang', { onBehalfOf: 'chen' })),
    ).toBeDefined();
  });

  it('binds an approval to the content that it approved', () => {
    expect(fourEyes([step('made', 'li')], step('checked', 'wang', { contentHash: 'h2' }))).toMatchObject({
      rejected: 'OtherContent',
      detail: { before: 'made', now: 'checked' },
    });
  });

  it('takes a chain exactly when no person stands behind two steps and all contents are one', () => {
    const person = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const steps = fc.array(
      fc.record({
        subject: person,
        onBehalfOf: fc.option(person, { nil: undefined }),
        contentHash: fc.constantFrom('h1', 'h2'),
      }),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(steps, (given) => {
        const chain = given.map(({ subject, onBehalfOf, contentHash }, index) =>
          step(String(index), subject, { ...(onBehalfOf !== undefined && { onBehalfOf }), contentHash }),
        );
        const taken = chain.every((next, index) => fourEyes(chain.slice(0, index), next) === undefined);
        const behind = given.map(
          ({ subject, onBehalfOf }) => new Set(onBehalfOf === undefined ? [subject] : [subject, onBehalfOf]),
        );
        const all = behind.flatMap((persons) => [...persons]);
        const apart = new Set(all).size === all.length;
        const same = new Set(given.map(({ contentHash }) => contentHash)).size === 1;
        expect(taken).toBe(apart && same);
      }),
    );
  });
});
