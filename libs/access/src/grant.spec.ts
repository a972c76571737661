import { describe, expect, it } from '@jest/globals';
import { grantFor } from './grant.ts';

const policy = { act: { roles: ['department-lead', 'integrator'] } } as const;

describe('a grant', () => {
  it('is none where no role may', () => {
    expect(grantFor({ subject: 'a', roles: ['director'] }, 'act', policy)).toBeUndefined();
    expect(grantFor({ subject: 'a', roles: [] }, 'act', policy)).toBeUndefined();
    expect(grantFor({ subject: 'a', roles: ['integrator'] }, 'toString', policy)).toBeUndefined();
  });

  it('is by the role that reaches something', () => {
    const both = { subject: 'a', roles: ['department-lead', 'integrator'] } as const;
    expect(grantFor(both, 'act', policy)).toEqual({ role: 'integrator', reach: {} });
    expect(grantFor({ ...both, departments: ['D'] }, 'act', policy)).toEqual({
      role: 'department-lead',
      reach: { departments: ['D'] },
    });
    expect(grantFor({ subject: 'a', roles: ['department-lead'] }, 'act', policy)?.reach).toEqual({ projects: [] });
  });
});
