import { describe, expect, it } from '@jest/globals';
import { roleFor, withoutPolicy } from './judge.ts';
import { POLICY } from './policy-table.ts';
import { isRole, ROLES } from './role.ts';

const POLICY_TABLE = { read: { roles: ['auditor', 'director'] }, act: { roles: ['administrator'] } } as const;

describe('the judge', () => {
  it('answers the role that may, the first of those that the principal has', () => {
    const both = { subject: 'li', roles: ['director', 'auditor'] } as const;
    expect(roleFor(both, 'read', POLICY_TABLE)).toBe('director');
    expect(roleFor({ ...both, roles: ['citizen-desk', 'auditor'] }, 'read', POLICY_TABLE)).toBe('auditor');
  });

  it('refuses whatever nobody has allowed', () => {
    const administrator = { subject: 'li', roles: ['administrator'] } as const;
    expect(roleFor(administrator, 'read', POLICY_TABLE)).toBeUndefined();
    for (const action of ['unheard of', 'constructor', '__proto__', '']) {
      expect(roleFor(administrator, action, POLICY_TABLE)).toBeUndefined();
    }
    expect(roleFor({ subject: 'li', roles: [] }, 'act', POLICY_TABLE)).toBeUndefined();
  });

  it('names actions without a policy', () => {
    expect(withoutPolicy(['read', 'write', 'act', 'write'], POLICY_TABLE)).toEqual(['write']);
  });
});

describe('the policy table', () => {
  it('speaks of roles that exist, and lets somebody do each thing', () => {
    for (const [action, { roles }] of Object.entries(POLICY)) {
      expect([action, roles.filter((role) => !isRole(role))]).toEqual([action, []]);
      expect([action, roles.length > 0 && new Set(roles).size === roles.length]).toEqual([action, true]);
    }
  });

  it('lets no auditor, director or citizen desk change anything', () => {
    const changing = Object.entries(POLICY).filter(([action]) => /^command |^route POST/.test(action));
    for (const [, { roles }] of changing) {
      expect(roles.filter((role) => ['auditor', 'director', 'citizen-desk'].includes(role))).toEqual([]);
    }
  });

  it('keeps whoever runs the systems out of the office, and the office out of the systems', () => {
    for (const [action, { roles }] of Object.entries(POLICY)) {
      const business = /^(command|query|entity) |commands$/.test(action);
      if (business) expect(roles).not.toContain('administrator');
      if (/^route POST \/v1\/operations/.test(action)) expect(roles).toEqual(['administrator']);
    }
    expect(Object.keys(ROLES)).toHaveLength(12);
  });
});
