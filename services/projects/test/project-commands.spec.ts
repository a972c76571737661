import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { projectIdOf } from '@tongchou/contracts';
import { standingProjects } from './standing.fixture.ts';
import type { GraphError } from './standing.fixture.ts';

let city: Awaited<ReturnType<typeof standingProjects>>;
beforeAll(async () => {
  city = await standingProjects();
});
afterAll(() => city.close());

const FIELDS = `{
  project { id register reference name district: districts phase reportedPhase projectCode cancelledBecause percentComplete
    work { forecastFinish slipDays light { state reasons { code } } } }
  errors { __typename code message path
    ... on ProjectNotRegistered { projectId }
    ... on ProjectHasAnotherCode { path }
    ... on ProgressFalls { from to }
    ... on PastAcceptance { phase }
    ... on ProjectCancelled { reason } }
  consistencyToken
}`;

const MUTATIONS = {
  registerProject: 'RegisterProjectInput',
  reportProgress: 'ReportProgressInput',
  confirmStatus: 'ConfirmStatusInput',
  correctProject: 'CorrectProjectInput',
  assignProjectCode: 'AssignProjectCodeInput',
  cancelProject: 'CancelProjectInput',
};

interface Payload {
  readonly project: Readonly<Record<string, unknown>> | null;
  readonly errors: readonly Readonly<Record<string, unknown>>[];
  readonly consistencyToken: string | null;
}

let key = 0;

/** Decisions are a department lead's. */
const DECISIONS = ['assignProjectCode', 'cancelProject'];
const lead = { subject: 'demo', roles: ['department-lead'], departments: ['DOT'] } as const;

async function run(
  mutation: keyof typeof MUTATIONS,
  input: object,
): Promise<{ payload: Payload | undefined; errors: readonly GraphError[] | undefined }> {
  key += 1;
  const query = `mutation ($input: ${MUTATIONS[mutation]}!) { ${mutation}(input: $input) ${FIELDS} }`;
  const { ask } = DECISIONS.includes(mutation) ? city.as(lead) : city;
  const { data, errors } = await ask<Record<string, Payload> | null | undefined>(query, {
    input: { idempotencyKey: `key-${key}`, ...input },
  });
  return { payload: data?.[mutation], errors };
}

const register = (reference: string, more: object = {}) =>
  run('registerProject', {
    register: 'by hand',
    reference,
    name: 'A bridge',
    managingDepartment: 'DOT',
    registeredOn: '2018-07-01',
    ...more,
  });

const projectId = projectIdOf('by hand', '1');

describe('commands of a project', () => {
  it('register it, and show it at once, once', async () => {
    const input = { idempotencyKey: 'register-1', districts: 'Bronx, Queens' };
    const { payload, errors } = await register('1', input);
    expect(errors).toBeUndefined();
    expect(payload).toMatchObject({
      project: {
        id: projectId,
        register: 'by hand',
        reference: '1',
        district: ['Bronx', 'Queens'],
        phase: null,
        work: { slipDays: null, light: { state: 'UNKNOWN' } },
      },
      errors: [],
      consistencyToken: expect.stringContaining(`${projectId}@1`),
    });
    expect((await register('1', input)).payload).toEqual(payload);
  });

  it('report progress in words of the graph', async () => {
    const report = {
      projectId,
      period: '2018-08-01',
      phase: { word: 'Construction', phase: 'UNDER_CONSTRUCTION' },
      finish: '2019-12-31',
      percentComplete: 12.34,
    };
    expect((await run('reportProgress', report)).payload).toMatchObject({
      project: { phase: 'UNDER_CONSTRUCTION', reportedPhase: 'Construction', percentComplete: 12.34 },
    });
    const later = { projectId, period: '2018-08-15', finish: '2020-03-31', reason: 'Weather' };
    expect((await run('reportProgress', later)).payload).toMatchObject({
      project: { work: { forecastFinish: '2020-03-31', slipDays: 91, light: { state: 'WATCH' } } },
    });
    const ledger = await city.ask(`{ delayLedger(projectId: "${projectId}") { nodes { days reason } } }`);
    expect(ledger.data).toEqual({ delayLedger: { nodes: [{ days: 91, reason: 'Weather' }] } });
  });

  it('correct it, and give it its code', async () => {
    const corrected = await run('correctProject', {
      projectId,
      details: { districts: '', name: 'A wide bridge' },
      reason: 'typing error',
    });
    expect(corrected.payload).toMatchObject({ project: { name: 'A wide bridge', district: [] } });
    const code = '2018-310105-48-01-100237';
    expect((await run('assignProjectCode', { projectId, code })).payload).toMatchObject({
      project: { projectCode: code },
    });
    const { data } = await city.ask('{ works(filter: { text: "48-01-1002" }) { nodes { project { reference } } } }');
    expect(data).toEqual({ works: { nodes: [{ project: { reference: '1' } }] } });
  });

  it('are refused with a type of their own', async () => {
    const unknown = projectIdOf('by hand', 'nobody');
    const refusals = [
      await run('confirmStatus', { projectId: unknown, period: '2018-08-20' }),
      await run('assignProjectCode', { projectId, code: '2018-310105-48-01-100238' }),
      await run('assignProjectCode', { projectId: projectIdOf('by hand', '1'), code: 'nonsense' }),
      await run('reportProgress', { projectId, period: '2018-08-20', percentComplete: 3 }),
    ];
    expect(refusals.map(({ payload }) => payload?.errors[0])).toMatchObject([
      { __typename: 'ProjectNotRegistered', code: 'ProjectNotRegistered', projectId: unknown, path: ['input'] },
      { __typename: 'ProjectHasAnotherCode', message: expect.stringContaining('for life') },
      { __typename: 'ProjectCodeMalformed', message: expect.stringContaining('nonsense') },
      { __typename: 'ProgressFalls', from: 12.34, to: 3 },
    ]);
    for (const { payload } of refusals) expect([payload?.project, payload?.consistencyToken]).toEqual([null, null]);
  });

  it('cannot cancel what was accepted', async () => {
    await register('2');
    const accepted = { word: 'Done', phase: 'ACCEPTED' };
    await run('reportProgress', { projectId: projectIdOf('by hand', '2'), period: '2018-08-01', phase: accepted });
    const refused = await run('cancelProject', { projectId: projectIdOf('by hand', '2'), reason: 'x' });
    expect(refused.payload?.errors).toMatchObject([{ __typename: 'PastAcceptance', phase: 'ACCEPTED' }]);
  });

  it('cancel it: it stays visible, and nothing new is taken', async () => {
    const cancelled = await run('cancelProject', { projectId, reason: 'merged' });
    expect(cancelled.payload).toMatchObject({ project: { phase: 'CANCELLED', cancelledBecause: 'merged' } });
    const late = await run('reportProgress', { projectId, period: '2018-08-30', percentComplete: 50 });
    expect(late.payload?.errors).toMatchObject([{ __typename: 'ProjectCancelled', reason: 'merged' }]);
    const { data } = await city.ask('{ works(filter: { phase: CANCELLED }) { totalCount } }');
    expect(data).toEqual({ works: { totalCount: 1 } });
  });
});

describe('what makes no sense', () => {
  it.each<[keyof typeof MUTATIONS, object, string, string | undefined]>([
    [
      'registerProject',
      { register: ' ', reference: '1', name: 'x', registeredOn: '2018-07-01' },
      'must not be empty',
      'input.register',
    ],
    [
      'registerProject',
      { register: 'r', reference: '1', name: 'x'.repeat(501), registeredOn: '2018-07-01' },
      'at most 500',
      'input.name',
    ],
    [
      'registerProject',
      { register: 'r', reference: '1', name: 'x', registeredOn: '2018-02-30' },
      'Date must be a day',
      undefined,
    ],
    [
      'registerProject',
      { register: 'r', reference: '1', name: 'a\u0000b', registeredOn: '2018-07-01' },
      'NUL',
      undefined,
    ],
    [
      'registerProject',
      { register: 'r', reference: '1', name: '\ud800', registeredOn: '2018-07-01' },
      'surrogate',
      undefined,
    ],
    ['reportProgress', { projectId: 'x', period: '2018-07-01' }, 'must be a UUID in lower case', 'input.projectId'],
    [
      'reportProgress',
      { projectId, period: '2018-07-01', percentComplete: 101 },
      'must be 0 to 100',
      'input.percentComplete',
    ],
    [
      'reportProgress',
      { projectId, period: '2018-07-01', percentComplete: 1.234 },
      'at most two places',
      'input.percentComplete',
    ],
    ['reportProgress', { projectId, period: '2018-07-01', reason: 'Mood' }, 'Weather', 'input.reason'],
    [
      'reportProgress',
      { projectId, period: '2018-07-01', phase: { word: 'x', phase: 'CANCELLED' } },
      'Designing',
      'input.phase.phase',
    ],
    ['correctProject', { projectId, details: {}, reason: 'x' }, 'must name what is to be put right', 'input.details'],
    ['cancelProject', { projectId, reason: '' }, 'must not be empty', 'input.reason'],
    ['cancelProject', { projectId, reason: 'x', idempotencyKey: 'ключ' }, 'visible ASCII', 'input.idempotencyKey'],
    ['cancelProject', { projectId, reason: 'x', more: 1 }, 'Field "more" is not defined', undefined],
  ])('%s %j is refused before anything is decided', async (mutation, input, message, inputPath) => {
    const { errors } = await run(mutation, input);
    expect(errors).toMatchObject([
      { message: expect.stringContaining(message), extensions: { code: 'BAD_USER_INPUT' } },
    ]);
    expect(errors?.[0]?.extensions['inputPath']).toBe(inputPath);
  });
});

describe('two registers', () => {
  it('are never summed: the overview wants to know which', async () => {
    const nobody = await city.ask('{ cityOverview { register works } }');
    expect(nobody.data).toEqual({ cityOverview: { register: 'by hand', works: 2 } });
    await register('1', { register: 'another' });
    const { errors } = await city.ask('{ cityOverview { works } }');
    expect(errors).toMatchObject([
      {
        message: 'There are several registers, name one of them: another, by hand',
        extensions: { code: 'BAD_USER_INPUT' },
      },
    ]);
    expect((await city.ask('{ cityOverview(register: "another") { works currentBudget slipDays } }')).data).toEqual({
      cityOverview: { works: 1, currentBudget: null, slipDays: null },
    });
  });
});
