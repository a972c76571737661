import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { POLICY, ROLES } from '@tongchou/access';
import type { Principal, Role } from '@tongchou/access';
import { cents } from '@tongchou/kernel';
import { eventually, everyField } from '@tongchou/testing';
import { costSheetCommands } from '../src/api/cost-sheet.resolver.ts';
import { standingCosts } from './standing-costs.ts';
import type { StandingCosts } from './standing-costs.ts';

const schema = readFileSync(new URL('../src/api/schema.graphql', import.meta.url), 'utf8');
/** A root field that is new and not here fails. */
const { queries, entities, mutations } = everyField(schema, {
  'CostSheet.history': ['', '(first: 1)', '(last: 2)'],
});
const documents = { ...queries, ...entities };

let costs: StandingCosts;

interface Answer {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions: Record<string, unknown> }[];
}

async function ask(who: Principal, query: string, variables: object): Promise<Answer> {
  const response = await fetch(`${costs.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(await costs.headers(who)) },
    body: JSON.stringify({ query, variables }),
  });
  const answer: Answer = JSON.parse(await response.text());
  return answer;
}

const HOME = ['home-1', 'home-2'];
const ABROAD = ['away-1', 'away-2', 'nowhere'];
const PLACES: Readonly<Record<string, { managingDepartment: string; districts: string }>> = {
  'home-1': { managingDepartment: 'DOT', districts: 'Bronx' },
  'home-2': { managingDepartment: 'DOT', districts: 'Queens, Bronx' },
  'away-1': { managingDepartment: 'Parks', districts: 'Brooklyn' },
  'away-2': { managingDepartment: 'Parks', districts: 'Queens, Brooklyn' },
  nowhere: { managingDepartment: '', districts: '' },
};
const all = [...HOME, ...ABROAD, 'never-named'];

const engineer: Principal = { subject: 'zhao', roles: ['cost-engineer'] };

const line = (command: string, reference: string, input: object) => ({
  command,
  idempotencyKey: randomUUID(),
  input: { projectId: costs.idOf(reference), ...input },
});

async function post(who: Principal, lines: readonly object[]): Promise<Record<string, unknown>[]> {
  const response = await fetch(`${costs.url}/v1/commands`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', ...(await costs.headers(who)) },
    body: lines.map((one) => JSON.stringify(one)).join('\n'),
  });
  const told = (await response.text()).trim().split('\n');
  return told.map((one) => JSON.parse(one));
}

/** A sheet with a fact of most kinds; its amounts are no other sheet's. */
async function settle(references: readonly string[]): Promise<void> {
  for (const reference of references) {
    const amount = `${1_000 + 7 * all.indexOf(reference)}.00`;
    await costs.register(reference, PLACES[reference]);
    const lines = [
      line('ReportBudget', reference, { period: '2014-05-01', amount }),
      line('ReportBudget', reference, { period: '2014-06-01', amount: amount.replace('.00', '.50') }),
      line('SetCeiling', reference, { amount, approval: `Approval ${reference}` }),
    ];
    await eventually(`the sheet of ${reference} takes budgets`, async () => {
      const verdicts = await post(engineer, lines);
      return verdicts.every(({ status }) => status === 'accepted' || status === 'repeated');
    });
  }
  await eventually('the sheets are folded', async () => {
    const { rows } = await costs.database.query<{ there: number }>(
      `select count(*)::integer as there from rm.cost_sheet s join rm.project_place p using (project_id)
        where s.version = 5 and s.project_id = any($1::uuid[])`,
      [references.map((reference) => costs.idOf(reference))],
    );
    return rows[0]?.there === references.length;
  });
}

async function answersTo(who: Principal): Promise<Readonly<Record<string, string>>> {
  const answers: [string, string][] = [];
  const them = all.map((reference) => ({ __typename: 'Project', id: costs.idOf(reference) }));
  for (const [name, document] of Object.entries(documents)) {
    const { data, errors } = await ask(who, document, { them });
    answers.push([name, JSON.stringify({ data, errors: errors?.map(({ message }) => message) })]);
  }
  return Object.fromEntries(answers);
}

const everybody = Object.keys(ROLES) as Role[];
const reads = (role: Role): boolean => POLICY['entity Project']?.roles.includes(role) ?? false;

type Asker = readonly [name: string, principal: Principal];
const asker = (role: Role, about: string, lists: Partial<Principal>): Asker => [
  `${role} ${about}`,
  { subject: 'li', roles: [role], ...lists },
];

let homely: readonly Asker[] = [];
const foreign: readonly Asker[] = [
  ...everybody.map((role) => asker(role, 'of Brooklyn', { districts: ['Brooklyn'] })),
  asker('auditor', 'of Parks', { departments: ['Parks'] }),
];
const nobodies: readonly Asker[] = [
  asker('auditor', 'of no district', { districts: [] }),
  asker('auditor', 'of another spelling', { districts: ['bronx', 'Queens, Bronx'] }),
  asker('auditor', 'of Parks in the Bronx', { districts: ['Bronx'], departments: ['Parks'] }),
  asker('department-lead', 'of none', {}),
];
const wholeCity: Principal = { subject: 'li', roles: ['auditor'] };

const seen: Record<'empty' | 'home' | 'both' | 'later', Map<string, Readonly<Record<string, string>>>> = {
  empty: new Map(),
  home: new Map(),
  both: new Map(),
  later: new Map(),
};

async function look(when: keyof typeof seen, askers: readonly Asker[]): Promise<void> {
  for (const [name, principal] of askers) seen[when].set(name, await answersTo(principal));
}

beforeAll(async () => {
  costs = await standingCosts();
  homely = [
    ...everybody.map((role) => asker(role, 'of the Bronx', { districts: ['Bronx'] })),
    asker('auditor', 'of DOT', { departments: ['DOT'] }),
    asker('auditor', 'of projects', { projects: HOME.map((reference) => costs.idOf(reference)) }),
  ];
  const city: Asker = ['the city', wholeCity];
  await look('empty', [...nobodies, city]);
  await settle(HOME);
  await look('home', [...homely, city]);
  await settle(ABROAD);
  await look('both', [...homely, ...foreign, ...nobodies, city]);
  await post(engineer, [line('RaiseCeiling', 'home-1', { amount: '9000.00', approval: 'more' })]);
  await eventually('home has changed', async () => (await answersTo(wholeCity))['Project']?.includes('9000.00'));
  await look('later', [...foreign, ...nobodies]);
}, 60_000);
afterAll(() => costs.close());

describe('of a sheet that is out of reach', () => {
  it('nothing shows, in any field or entity', () => {
    for (const [name] of homely) expect([name, seen.both.get(name)]).toEqual([name, seen.home.get(name)]);
    for (const [name] of foreign) expect([name, seen.later.get(name)]).toEqual([name, seen.both.get(name)]);
    for (const [name] of nobodies) {
      expect([name, seen.both.get(name)]).toEqual([name, seen.empty.get(name)]);
      expect([name, seen.later.get(name)]).toEqual([name, seen.empty.get(name)]);
    }
  });

  it('all shows to who reaches it, and each step to who reads the whole city', () => {
    const [empty, home, both] = (['empty', 'home', 'both'] as const).map((when) => seen[when].get('the city') ?? {});
    for (const name of Object.keys(documents)) {
      expect(new Set([empty?.[name], home?.[name], both?.[name]]).size).toBe(3);
    }
    for (const [name, { roles }] of homely) {
      const text = Object.values(seen.home.get(name) ?? {}).join();
      const partly = roles.some((role) => !reads(role) || role === 'department-lead' || role === 'project-manager');
      expect([name, text.includes('Approval home-2'), text.includes('"errors"')]).toEqual([
        name,
        !partly,
        roles.some((role) => !reads(role)),
      ]);
    }
  });

  const input = (command: string): object =>
    command === 'ReportBudget' ? { period: '2015-01-01', amount: '1.00' } : { amount: '9999.00', approval: 'x' };
  const commands = Object.keys(costSheetCommands.definitions);

  it.each(commands)(
    '%s is forbidden, in the same words whether it exists or not, and stores nothing',
    async (command) => {
      const who: Principal = { ...engineer, districts: ['Bronx'] };
      const stored = async (): Promise<unknown> =>
        (await costs.database.query('select (select count(*) from es.events), (select count(*) from es.commands)'))
          .rows;
      const before = await stored();
      const mutation = `${command.slice(0, 1).toLowerCase()}${command.slice(1)}`;
      expect(mutations).toContain(mutation);
      const text = `mutation ($input: ${command}Input!) { ${mutation}(input: $input) { consistencyToken } }`;
      const told = new Set<string>();
      for (const reference of [...ABROAD, 'never-named']) {
        const { idempotencyKey, input: given } = line(command, reference, input(command));
        const { errors } = await ask(who, text, { input: { idempotencyKey, ...given } });
        const [verdict] = await post(who, [line(command, reference, input(command))]);
        expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
        expect(verdict).toMatchObject({ status: 'rejected', code: 'FORBIDDEN' });
        told.add(JSON.stringify([errors?.map(({ message }) => message), verdict]));
      }
      expect(told.size).toBe(1);
      expect(await stored()).toEqual(before);
    },
  );

  it('a command within reach is done, and above the limit it is not', async () => {
    const who: Principal = { ...engineer, districts: ['Queens'] };
    expect(await post(who, [line('ReportBudget', 'home-2', { period: '2016-01-01', amount: '5.00' })])).toMatchObject([
      { status: 'accepted' },
    ]);
    const raise = line('RaiseCeiling', 'home-2', { amount: '5000.00', approval: 'x' });
    const limited: Principal = { ...engineer, amountLimit: cents(499_999) };
    expect(await post(limited, [raise])).toMatchObject([{ status: 'rejected', code: 'FORBIDDEN' }]);
    expect(await post(who, [raise])).toMatchObject([{ status: 'accepted' }]);
  });
});

describe('who reaches a sheet', () => {
  it('follows from corrections of where its work stands', async () => {
    const who: Principal = { subject: 'li', roles: ['inspector'], districts: ['Staten Island'] };
    expect(Object.values(await answersTo(who)).join()).not.toContain('Approval');
    await costs.correct('away-1', { districts: 'Staten Island' });
    await eventually('the sheet is seen where its work stands', async () =>
      Object.values(await answersTo(who))
        .join()
        .includes('Approval away-1'),
    );
    const before: Principal = { ...who, districts: ['Brooklyn'] };
    expect(Object.values(await answersTo(before)).join()).not.toContain('Approval away-1');
  });

  it('sees who recorded a fact as the policy says, and the role always', async () => {
    const text = `query ($them: [_Any!]!) { _entities(representations: $them) { ... on Project { costSheet {
      history(first: 2) { nodes { recordedBy recordedAs onBehalfOf requestId } } } } } }`;
    const them = [{ __typename: 'Project', id: costs.idOf('home-1') }];
    for (const role of everybody.filter(reads)) {
      const may = POLICY['field recordedBy']?.roles.includes(role) ?? false;
      const who: Principal = { subject: 'li', roles: [role], departments: ['DOT'], projects: [costs.idOf('home-1')] };
      const { data } = await ask(who, text, { them });
      expect([role, data?.['_entities']]).toMatchObject([
        role,
        [
          {
            costSheet: {
              history: {
                nodes: [
                  {},
                  {
                    recordedBy: may ? 'zhao' : null,
                    recordedAs: 'cost-engineer',
                    onBehalfOf: null,
                    requestId: expect.any(String),
                  },
                ],
              },
            },
          },
        ],
      ]);
    }
  });
});
