import { describe, expect, it } from '@jest/globals';
import { isoDate, isRejection, parseId, reject } from '@tongchou/kernel';
import type { ProjectId } from '@tongchou/kernel';
import { scenario } from '@tongchou/testing';
import { project } from './project.ts';
import type { ProjectCommand, ProjectEvent, ProjectRefusal } from './project.ts';

const projectId = parseId<'Project'>('0e3f4f6c-3f0e-5d0a-9a63-5c2f9a2f2c11');
if (projectId === undefined) throw new Error('Not a project id');

const period = isoDate('2014-05-01');

const work = {
  projectId,
  register: 'nyc-capital-projects',
  reference: '3',
  name: 'Preliminary treatment',
  description: '',
  projectType: 'Wastewater Treatment',
  managingDepartment: 'DEP',
  clientDepartment: 'DEP',
  districts: 'Brooklyn, Queens',
  registeredOn: period,
} as const;

const registered: ProjectEvent = { type: 'ProjectRegistered', ...work };
const code = '2017-440300-48-03-123456';
const assigned: ProjectEvent = { type: 'ProjectCodeAssigned', code };
const cancelled: ProjectEvent = { type: 'ProjectCancelled', reason: 'Merged into 4' };

const register: ProjectCommand = { type: 'RegisterProject', ...work };
const report: ProjectCommand = { type: 'ReportProgress', projectId, period };
const assign = (given: string): ProjectCommand => ({ type: 'AssignProjectCode', projectId, code: given });
const cancel = (reason: string): ProjectCommand => ({ type: 'CancelProject', projectId, reason });
const correct = (details: object, reason = 'Typing error'): ProjectCommand => ({
  type: 'CorrectProject',
  projectId,
  details,
  reason,
});

const works = () => scenario(project);

describe('registering', () => {
  it('a register names a work once', () => {
    works().when(register).then(registered);
  });

  it('a later registration with other data changes nothing', () => {
    const later = { ...register, name: 'Another name', registeredOn: isoDate('2015-01-01') } as const;
    works().given(registered).when(later).thenNothing();
  });

  it('nothing is said of a work that nobody registered', () => {
    for (const command of [report, assign(code), correct({ name: 'x' }), cancel('No')]) {
      works().when(command).thenRejected('ProjectNotRegistered', { projectId });
    }
  });

  it('register and reference are claimed together, so that no second work takes them', () => {
    expect(project.claims?.(registered)).toEqual([
      {
        kind: 'projectReference',
        key: '["nyc-capital-projects","3"]',
        refusal: reject('ProjectReferenceTaken', { register: 'nyc-capital-projects', reference: '3' }),
      },
    ]);
  });
});

describe('confirming that nothing is new', () => {
  const confirm: ProjectCommand = { type: 'ConfirmStatus', projectId, period };

  it('is a report without values: heard once a period', () => {
    scenario(project)
      .given(registered)
      .when(confirm)
      .then({ type: 'StatusConfirmed', period })
      .when(report)
      .thenNothing();
  });

  it('takes a work that is registered and not cancelled', () => {
    scenario(project).given().when(confirm).thenRejected('ProjectNotRegistered', { projectId });
    scenario(project).given(registered, cancelled).when(confirm).thenRejected('ProjectCancelled');
  });
});

describe('P8 the project code', () => {
  it('is assigned, and claimed for life', () => {
    works().given(registered).when(assign(code)).then(assigned);
    const refusal = reject('ProjectCodeTaken', { code });
    expect(project.claims?.(assigned)).toEqual([{ kind: 'projectCode', key: code, refusal }]);
    expect(project.claims?.(cancelled)).toEqual([]);
  });

  it('ends in an opaque character', () => {
    const opaque = '2017-440300-48-03-12345X';
    works().given(registered).when(assign(opaque)).then({ type: 'ProjectCodeAssigned', code: opaque });
  });

  it.each(['', '2017-440300-48-03-12345', '2017-440300-48-03-1234567', '20174403004803123456', `${code}\n`])(
    'has 24 characters in groups of 4, 6, 2, 2 and 6: not %j',
    (malformed) => {
      const detail = { code: malformed, form: 'YYYY-RRRRRR-DD-TT-SSSSSX' };
      works().given(registered).when(assign(malformed)).thenRejected('ProjectCodeMalformed', detail);
    },
  );

  it('never becomes another one', () => {
    works()
      .given(registered, assigned)
      .when(assign('2018-440300-48-03-123456'))
      .thenRejected('ProjectHasAnotherCode', { code })
      .when(assign(code))
      .thenNothing();
  });
});

describe('correcting', () => {
  it('records what changes, and why', () => {
    const details = { districts: 'Queens' };
    works()
      .given(registered)
      .when(correct({ name: work.name, ...details }))
      .then({ type: 'ProjectCorrected', details, reason: 'Typing error' });
  });

  it('what stands already is no correction', () => {
    works()
      .given(registered)
      .when(correct({}))
      .thenNothing()
      .when(correct({ name: work.name }))
      .thenNothing();
  });
});

describe('P10 cancelling', () => {
  it('has a reason, and nothing is deleted', () => {
    works().given(registered, assigned).when(cancel('Merged into 4')).then(cancelled);
  });

  it('a cancelled work takes nothing new', () => {
    for (const command of [report, assign(code), correct({ name: 'x' }), cancel('Another reason')]) {
      works().given(registered, cancelled).when(command).thenRejected('ProjectCancelled', { reason: 'Merged into 4' });
    }
  });

  it('what a cancelled work already says is no news', () => {
    works()
      .given(registered, assigned, { type: 'StatusConfirmed', period }, cancelled)
      .when(register)
      .thenNothing()
      .when(report)
      .thenNothing()
      .when(assign(code))
      .thenNothing();
  });

  it('ends with acceptance', () => {
    works()
      .given(registered, { type: 'PhaseReported', period, word: 'Accepted by owner', phase: 'Accepted' })
      .when(cancel('Too late'))
      .thenRejected('PastAcceptance', { phase: 'Accepted' });
  });
});

describe('the compiler is the checklist', () => {
  it('a missing case, an undeclared refusal and the id of another thing do not compile', () => {
    // @ts-expect-error A command has no case.
    const forgets = (command: ProjectCommand): string => {
      // eslint-disable-next-line @typescript-eslint/switch-exhaustiveness-check -- The gap is what this shows.
      switch (command.type) {
        case 'RegisterProject':
        case 'ReportProgress':
        case 'CorrectProject':
        case 'AssignProjectCode':
          return command.type;
      }
    };
    // @ts-expect-error No refusal of a project has this code.
    const undeclared: ProjectRefusal = reject('ProjectTooLate');
    // @ts-expect-error The refusal lacks its detail.
    const unexplained: ProjectRefusal = reject('ProjectCancelled');
    const sheet = parseId<'CostSheet'>(projectId);
    // @ts-expect-error A cost sheet is no project.
    const confused: ProjectId | undefined = sheet;
    expect(forgets(register)).toBe('RegisterProject');
    expect([undeclared, unexplained].every(isRejection)).toBe(true);
    expect(confused).toBe(projectId);
  });
});
