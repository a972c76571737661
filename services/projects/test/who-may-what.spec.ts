import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Principal } from '@tongchou/access';
import { projectCommands } from '../src/api/project.resolver.ts';
import { standingProjects } from './standing.fixture.ts';
import { ABROAD, HOME, idOf, REGISTER, settle } from './twin-works.fixture.ts';
import type { TwinCity } from './twin-works.fixture.ts';

let city: TwinCity;
beforeAll(async () => {
  city = await standingProjects();
  await settle(city, [...HOME, ...ABROAD]);
}, 60_000);
afterAll(() => city.close());

const lead: Principal = { subject: 'li', roles: ['department-lead'], departments: ['DOT'] };
const ofBronx: Principal = { subject: 'wang', roles: ['integrator'], districts: ['Bronx'] };

const period = '2018-08-01';
const naming = (reference: string) => ({
  register: REGISTER,
  reference,
  name: 'x',
  managingDepartment: 'Parks',
  districts: 'Brooklyn',
  registeredOn: '2018-01-01',
});

/** Each command about the work of this reference; one that is new and not here fails below. */
const inputs: Readonly<Record<string, (reference: string) => object>> = {
  RegisterProject: naming,
  ReportProgress: (reference) => ({ projectId: idOf(reference), period, percentComplete: 99 }),
  ConfirmStatus: (reference) => ({ projectId: idOf(reference), period }),
  CorrectProject: (reference) => ({ projectId: idOf(reference), details: { name: 'Mine' }, reason: 'x' }),
  AssignProjectCode: (reference) => ({ projectId: idOf(reference), code: '2018-310105-48-01-100237' }),
  CancelProject: (reference) => ({ projectId: idOf(reference), reason: 'x' }),
};

async function stored(): Promise<number> {
  const { rows } = await city.database.query<{ facts: number }>(
    `select (select count(*) from es.events)::integer + (select count(*) from es.commands)::integer as facts`,
  );
  return rows[0]?.facts ?? NaN;
}

const schema = readFileSync(new URL('../src/api/schema.graphql', import.meta.url), 'utf8');
const mutationOf = (command: string): string => `${command.slice(0, 1).toLowerCase()}${command.slice(1)}`;

let key = 0;
async function mutate(who: Principal, command: string, input: object): Promise<unknown> {
  key += 1;
  const query = `mutation ($input: ${command}Input!) { ${mutationOf(command)}(input: $input) {
    project { name districts } errors { code } consistencyToken } }`;
  const { data, errors } = await city.as(who).ask<unknown>(query, { input: { idempotencyKey: `k${key}`, ...input } });
  return errors ? errors.map(({ message, extensions }) => [message, extensions['code']]) : data;
}

const bulk = async (who: Principal, command: string, input: object): Promise<object> => {
  const [verdict] = await city.as(who).send([{ command, input }]);
  return verdict ?? {};
};

describe('a command about what is out of reach', () => {
  it('is there for every command', () => {
    expect(Object.keys(inputs).toSorted()).toEqual(Object.keys(projectCommands.definitions).toSorted());
    for (const command of Object.keys(inputs)) expect(schema).toContain(`${mutationOf(command)}(input:`);
  });

  it.each(Object.keys(inputs))(
    '%s is forbidden in the same words whether it exists or not, and stores nothing',
    async (command) => {
      const input = inputs[command] ?? naming;
      const before = await stored();
      for (const who of [lead, ofBronx]) {
        const answers = [];
        for (const reference of ['away-1', 'nobodys', 'nowhere', 'never-named']) {
          answers.push(await mutate(who, command, input(reference)), await bulk(who, command, input(reference)));
        }
        const [byGraph, byBulk] = answers;
        expect(byGraph).toEqual([[expect.any(String), 'FORBIDDEN']]);
        expect(byBulk).toMatchObject({ status: 'rejected', code: 'FORBIDDEN' });
        expect(new Set(answers.map((one) => JSON.stringify(one))).size).toBe(2);
      }
      expect(await stored()).toBe(before);
    },
  );
});

const details = (reference: string, right: object) => ({ projectId: idOf(reference), details: right, reason: 'moved' });

describe('a correction', () => {
  it.each<[string, Principal, object]>([
    ['out of the department', lead, { managingDepartment: 'Parks' }],
    ['out of every department', lead, { managingDepartment: '' }],
    ['out of the district', ofBronx, { districts: 'Brooklyn' }],
    ['out of every district', ofBronx, { districts: '' }],
    ['to another spelling of the district', ofBronx, { districts: 'bronx' }],
  ])('does not move a work %s', async (_, who, right) => {
    const before = await stored();
    expect(await mutate(who, 'CorrectProject', details('home-1', right))).toEqual([[expect.any(String), 'FORBIDDEN']]);
    expect(await bulk(who, 'CorrectProject', details('home-1', right))).toMatchObject({ code: 'FORBIDDEN' });
    expect(await stored()).toBe(before);
  });

  it.each<[string, Principal, object]>([
    ['the department', lead, { managingDepartment: 'DOT' }],
    ['the district', ofBronx, { districts: 'Bronx' }],
  ])('does not move a work of others into %s', async (_, who, right) => {
    expect(await mutate(who, 'CorrectProject', details('away-2', right))).toEqual([[expect.any(String), 'FORBIDDEN']]);
  });

  it('adds a district, as the work stays within reach', async () => {
    expect(await mutate(ofBronx, 'CorrectProject', details('home-1', { districts: 'Bronx, Brooklyn' }))).toMatchObject({
      correctProject: { project: { districts: ['Bronx', 'Brooklyn'] }, errors: [] },
    });
    const ofBrooklyn = city.as({ subject: 'li', roles: ['inspector'], districts: ['Brooklyn'] });
    const { data } = await ofBrooklyn.ask(`{ project(id: "${idOf('home-1')}") { name } }`);
    expect(data).toEqual({ project: { name: 'Bridge home-1' } });
  });
});

describe('a command within reach', () => {
  const ofBronxNew = (reference: string) => ({
    ...naming(reference),
    managingDepartment: 'DOT',
    districts: 'Queens, Bronx',
  });

  it('registers a work there, which is reported on at once', async () => {
    const [registered, reported] = await city.as(ofBronx).send([
      { command: 'RegisterProject', input: ofBronxNew('new-1') },
      { command: 'ReportProgress', input: inputs['ReportProgress']?.('new-1') ?? {} },
    ]);
    expect([registered, reported]).toMatchObject([{ status: 'accepted' }, { status: 'accepted' }]);
    expect(await mutate(ofBronx, 'RegisterProject', ofBronxNew('new-2'))).toMatchObject({
      registerProject: { project: { districts: ['Queens', 'Bronx'] }, errors: [] },
    });
  });

  it('never takes a work of others by naming it anew', async () => {
    const before = await stored();
    expect(await mutate(ofBronx, 'RegisterProject', ofBronxNew('away-1'))).toEqual([[expect.any(String), 'FORBIDDEN']]);
    expect(await stored()).toBe(before);
  });

  it('is decided by who answers for the department, and told with their role', async () => {
    const code = inputs['AssignProjectCode']?.('home-3') ?? {};
    expect(await mutate(lead, 'AssignProjectCode', code)).toMatchObject({ assignProjectCode: { errors: [] } });
    const { rows } = await city.database.query<{ actor: object; request: string }>(
      `select metadata -> 'actor' as actor, metadata ->> 'correlationId' as request from es.events
        where event_type = 'ProjectCodeAssigned'`,
    );
    expect(rows).toEqual([
      { actor: { subject: 'li', role: 'department-lead' }, request: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    ]);
  });

  it('of a delegate names both', async () => {
    const delegate: Principal = { ...ofBronx, subject: 'zhao', onBehalfOf: 'wang' };
    const query = `{ project(id: "${idOf('home-2')}") { history(last: 1) { nodes { recordedBy recordedAs onBehalfOf } } } }`;
    await mutate(delegate, 'ConfirmStatus', { projectId: idOf('home-2'), period: '2018-08-02' });
    const asked = async (who: Principal): Promise<unknown> =>
      (await city.as(who).ask<{ project: { history: { nodes: unknown[] } } }>(query)).data.project.history.nodes;
    const all = { recordedBy: 'zhao', recordedAs: 'integrator', onBehalfOf: 'wang' };
    expect(await asked({ subject: 'li', roles: ['auditor'] })).toEqual([all]);
    expect(await asked({ subject: 'li', roles: ['inspector'] })).toEqual([
      { ...all, recordedBy: null, onBehalfOf: null },
    ]);
    // One's own name is no secret to oneself.
    expect(await asked({ subject: 'wang', roles: ['inspector'] })).toEqual([{ ...all, recordedBy: null }]);
  });
});
