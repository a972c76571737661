import { describe, expect, it } from '@jest/globals';
import { cents } from '@tongchou/kernel';
import fc from 'fast-check';
import { claimsOf, principalOf, type Principal } from './principal.ts';
import { ROLES, type Role } from './role.ts';

const ROLE_WORDS = Object.keys(ROLES) as Role[];

describe('a principal', () => {
  it('is what the claims say', () => {
    const claims = { sub: 'li', roles: ['inspector'], districts: ['Bronx'], amount_limit: '5000.00', other: 1 };
    expect(principalOf(claims)).toEqual({
      subject: 'li',
      roles: ['inspector'],
      districts: ['Bronx'],
      amountLimit: cents(500_000),
    });
  });

  it('acts on behalf of another as RFC 8693 has it: sub is spoken for, act.sub acts', () => {
    const claims = { sub: 'wang', act: { sub: 'li' }, roles: ['director'] };
    expect(principalOf(claims)).toEqual({ subject: 'li', onBehalfOf: 'wang', roles: ['director'] });
  });

  it('has only roles that exist, as they are spelt', () => {
    const roles = ['Director', 'department_lead', 'root', '__proto__', 'constructor', 'auditor'];
    expect(principalOf({ sub: 'li', roles })?.roles).toEqual(['auditor']);
    expect(principalOf({ sub: 'li' })?.roles).toEqual([]);
  });

  it('is nobody where a claim that narrows cannot be read', () => {
    for (const narrowing of [
      { districts: 'Bronx' },
      { districts: [1] },
      { departments: [''] },
      { projects: {} },
      { amount_limit: '1e3' },
      { amount_limit: 5000 },
      { act: 'li' },
      { roles: 'director' },
    ]) {
      expect(principalOf({ sub: 'li', roles: ['director'], ...narrowing })).toBeUndefined();
    }
    expect(principalOf({ roles: ['director'] })).toBeUndefined();
  });

  it('survives the way between our own processes', () => {
    const word = fc.string({ minLength: 1, maxLength: 20 });
    const words = fc.option(fc.array(word, { maxLength: 4 }), { nil: undefined });
    const principals = fc.record(
      {
        subject: word,
        onBehalfOf: word,
        roles: fc.array(fc.constantFrom(...ROLE_WORDS)),
        districts: words,
        departments: words,
        projects: words,
        amountLimit: fc.integer({ min: 0 }).map(cents),
      },
      { requiredKeys: ['subject', 'roles'] },
    );
    fc.assert(
      fc.property(principals, (given) => {
        const defined = Object.entries(given).filter(([, value]) => value !== undefined);
        const principal = Object.fromEntries(defined) as unknown as Principal;
        fc.pre(principal.onBehalfOf !== principal.subject);
        expect(principalOf(claimsOf(principal))).toEqual(principal);
      }),
    );
  });
});
