import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { POLICY, ROLES } from '@tongchou/access';
import type { Principal, Role } from '@tongchou/access';
import { everyField } from '@tongchou/testing';
import { standingProjects } from './standing.fixture.ts';
import { ABROAD, HOME, idOf, REGISTER, settle } from './twin-works.fixture.ts';
import type { TwinCity } from './twin-works.fixture.ts';

const schema = readFileSync(new URL('../src/api/schema.graphql', import.meta.url), 'utf8');

const EVERYTHING = [...HOME, ...ABROAD];
const NOBODY = 'never-named';
const ids = [...EVERYTHING.map(({ reference }) => reference), NOBODY].map(idOf);
const ofEach = ids.map((id) => `(id: "${id}")`);
const FILTERS = [
  'district: "Queens"',
  'department: "Parks"',
  'text: "away"',
  'phase: UNDER_CONSTRUCTION',
  'light: WATCH',
];

/** Every root field and every field that takes arguments; one that is new and not here fails. */
const { queries, entities } = everyField(schema, {
  'Query.project': ofEach,
  'Query.works': [
    '(first: 200)',
    '(last: 2, orderBy: [{ field: CURRENT_BUDGET }])',
    ...FILTERS.map((filter) => `(first: 200, filter: { ${filter} })`),
  ],
  'Query.cityOverview': ['', `(register: "${REGISTER}")`, '(register: "none")'],
  'Query.delayLedger': ids.map((id) => `(projectId: "${id}")`),
  'CityOverview.groups': ['DEPARTMENT', 'PHASE', 'REPORTED_PHASE', 'CATEGORY', 'DISTRICT', 'REGISTER'].map(
    (by) => `(by: ${by})`,
  ),
});

const documents = { ...queries, ...entities };
const them = ids.map((id) => ({ __typename: 'Project', id }));

type Asked = Readonly<Record<string, string>>;

/** What a principal is answered to everything, as text: data and errors, without the request's own id. */
async function answersTo(city: TwinCity, principal: Principal): Promise<Asked> {
  const { ask } = city.as(principal);
  const answers: [string, string][] = [];
  for (const [name, document] of Object.entries(documents)) {
    const { data, errors } = await ask<unknown>(document, { them });
    const told = errors?.map(({ message, path, extensions }) => [message, path, extensions['code']]);
    answers.push([name, JSON.stringify({ data, errors: told })]);
  }
  return Object.fromEntries(answers);
}

const everybody = Object.keys(ROLES) as Role[];
const reads = (role: Role): boolean => POLICY['query works']?.roles.includes(role) ?? false;

interface Scope {
  readonly about: string;
  readonly lists: Pick<Principal, 'districts' | 'departments' | 'projects'>;
}

const scope = (about: string, lists: Scope['lists']): Scope => ({ about, lists });
const homes = HOME.map(({ reference }) => idOf(reference));
const aways = ABROAD.map(({ reference }) => idOf(reference));

const OF_HOME: readonly [Scope, ...Scope[]] = [
  scope('of the Bronx', { districts: ['Bronx'] }),
  scope('of DOT', { departments: ['DOT'] }),
  scope('of DOT in the Bronx', { districts: ['Bronx'], departments: ['DOT'] }),
  scope('of the Bronx and Staten Island', { districts: ['Bronx', 'Staten Island'] }),
  scope('of some projects', { projects: homes }),
  scope('of DOT everywhere', { departments: ['DOT'], districts: ['Bronx', 'Queens', 'Manhattan', 'Brooklyn'] }),
];
const OF_ABROAD: readonly [Scope, ...Scope[]] = [
  scope('of Brooklyn', { districts: ['Brooklyn'] }),
  scope('of Parks', { departments: ['Parks'] }),
  scope('of other projects', { projects: aways }),
];
/** These reach nothing, whatever there is. */
const OF_NOTHING: readonly [Scope, ...Scope[]] = [
  scope('of no district', { districts: [] }),
  scope('of another spelling', { districts: ['bronx', 'Bronx ', 'Bronx, Queens'], departments: ['dot', ''] }),
  scope('of Parks in the Bronx', { districts: ['Bronx'], departments: ['Parks'] }),
  scope('of projects that are no ids', { projects: ["' or true", NOBODY] }),
];

type Asker = readonly [name: string, principal: Principal];

/** All roles in one scope, and all scopes in one role. */
function askersOf([first, ...others]: readonly [Scope, ...Scope[]]): readonly Asker[] {
  const asker = (role: Role, { about, lists }: Scope): Asker => [
    `${role} ${about}`,
    { subject: 'li', roles: [role], ...lists },
  ];
  return [...everybody.map((role) => asker(role, first)), ...others.map((one) => asker('auditor', one))];
}

const homely = askersOf(OF_HOME);
const foreign = askersOf(OF_ABROAD);
const nobodies = askersOf(OF_NOTHING);
const wholeCity: Principal = { subject: 'li', roles: ['auditor'] };

let city: TwinCity;
/** Nobody is there; then the works of home; then their twins abroad; then something more happened at home. */
const seen: Record<'empty' | 'home' | 'both' | 'later', Map<string, Asked>> = {
  empty: new Map(),
  home: new Map(),
  both: new Map(),
  later: new Map(),
};

async function look(when: keyof typeof seen, askers: readonly Asker[]): Promise<void> {
  for (const [name, principal] of askers) seen[when].set(name, await answersTo(city, principal));
}

beforeAll(async () => {
  city = await standingProjects({ districts: ['Bronx', 'Queens', 'Manhattan'] });
  await look('empty', [...nobodies, ['the city', wholeCity]]);
  await settle(city, HOME);
  await look('home', [...homely, ['the city', wholeCity]]);
  await settle(city, ABROAD);
  await look('both', [...homely, ...foreign, ...nobodies, ['the city', wholeCity]]);
  await settle(city, [{ reference: 'home-4', department: 'DOT', districts: 'Bronx', nth: 4 }]);
  await look('later', [...foreign, ...nobodies]);
}, 120_000);
afterAll(() => city.close());

describe('nothing of what is out of reach', () => {
  it.each(homely.map(([name]) => [name]))('shows to the %s, in any field, list, sum or entity', (name) => {
    expect(seen.both.get(name)).toEqual(seen.home.get(name));
  });

  it.each(foreign.map(([name]) => [name]))('shows to the %s', (name) => {
    expect(seen.later.get(name)).toEqual(seen.both.get(name));
  });

  it.each(nobodies.map(([name]) => [name]))('shows to the %s, who reach nothing', (name) => {
    expect(seen.both.get(name)).toEqual(seen.empty.get(name));
    expect(seen.later.get(name)).toEqual(seen.empty.get(name));
  });

  it('is named: neither id nor name of a work is in any answer', () => {
    const marks = (twins: typeof ABROAD): string[] =>
      twins.flatMap(({ reference }) => [`"${idOf(reference)}"`, `Bridge ${reference}`, `What ${reference}`]);
    for (const [name] of homely) {
      const text = Object.values(seen.both.get(name) ?? {}).join();
      expect(marks(ABROAD).filter((mark) => text.includes(mark))).toEqual([]);
    }
    for (const [name] of foreign) {
      const text = Object.values(seen.both.get(name) ?? {}).join();
      expect(marks(HOME).filter((mark) => text.includes(mark))).toEqual([]);
    }
  });

  it.each(homely.filter(([, { roles }]) => roles.includes('auditor')).map(([name]) => [name]))(
    'is all: the %s has an answer of home to everything',
    (name) => {
      const nothing = seen.empty.get('the city');
      for (const [document, answer] of Object.entries(seen.home.get(name) ?? {})) {
        expect(answer).not.toBe(nothing?.[document]);
        expect(answer).not.toContain('"errors"');
      }
    },
  );

  it('is a check that sees: to who reads the whole city each step shows in every answer', () => {
    const answers = (['empty', 'home', 'both'] as const).map((when) => seen[when].get('the city') ?? {});
    for (const name of Object.keys(documents)) {
      expect(new Set(answers.map((one) => one[name])).size).toBe(3);
    }
  });
});

describe('what is within reach', () => {
  it.each(everybody)('is read by %s as the policy says', async (role) => {
    const principal: Principal = { subject: 'li', roles: [role], departments: ['DOT'], projects: [...homes] };
    const { data, errors } = await city
      .as(principal)
      .ask<{ works: { totalCount: number } } | null>('{ works { totalCount } }');
    if (reads(role)) expect([data, errors]).toEqual([{ works: { totalCount: 3 } }, undefined]);
    else expect([data, errors]).toMatchObject([{ works: null }, [{ extensions: { code: 'FORBIDDEN' } }]]);
  });

  it.each([
    ['Bronx', ['home-1', 'home-2', 'home-3', 'home-4']],
    ['Queens', ['home-2', 'home-3', 'away-2', 'away-3']],
    ['Brooklyn', ['away-1', 'away-2', 'away-3', 'nobodys']],
  ])('is a work of several districts for each of them, whole: %s', async (district, references) => {
    const { ask } = city.as({ subject: 'li', roles: ['inspector'], districts: [district] });
    const { data } = await ask<{ works: { nodes: { project: { reference: string }; currentBudget: string }[] } }>(
      '{ works { nodes { project { reference } currentBudget } } }',
    );
    expect(data.works.nodes.map(({ project }) => project.reference).toSorted()).toEqual(references.toSorted());
    const whole = [...EVERYTHING, { reference: 'home-4', nth: 4 }].map(
      ({ reference, nth }) => [reference, `${(1_000 * nth + 100).toFixed(2).replace('.00', '.02')}`] as const,
    );
    for (const { project, currentBudget } of data.works.nodes) {
      expect(whole).toContainEqual([project.reference, currentBudget]);
    }
  });

  it('says who recorded a fact to the roles that may see persons, and the role to everybody', async () => {
    const query = `{ project(id: "${idOf('home-1')}") { former: history(first: 1) { nodes { recordedBy recordedAs actor } }
      history(last: 1) { nodes { recordedBy recordedAs onBehalfOf actor requestId } } }
      delayLedger(projectId: "${idOf('home-1')}") { nodes { recordedBy recordedAs reportedBy } } }`;
    for (const role of everybody.filter(reads)) {
      const may = POLICY['field recordedBy']?.roles.includes(role) ?? false;
      const { ask } = city.as({ subject: 'li', roles: [role], departments: ['DOT'], projects: homes });
      const { data } = await ask<unknown>(query);
      const [recordedBy, orRole] = may ? ['demo', 'demo'] : [null, 'integrator'];
      expect({ role, data }).toEqual({
        role,
        data: {
          project: {
            // A fact from before there were roles, by costs.
            former: { nodes: [{ recordedBy, recordedAs: null, actor: recordedBy ?? 'withheld' }] },
            history: {
              nodes: [
                {
                  recordedBy,
                  recordedAs: 'integrator',
                  onBehalfOf: null,
                  actor: orRole,
                  requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
                },
              ],
            },
          },
          delayLedger: { nodes: [{ recordedBy, recordedAs: 'integrator', reportedBy: orRole }] },
        },
      });
    }
  });

  it('shows persons on record: who was shown whose works, and nothing where nothing was', async () => {
    const disclosed = async (): Promise<unknown[]> => {
      const { rows } = await city.database.query<{ data: unknown }>(
        `select data from es.events where event_type = 'FieldsDisclosed' and metadata -> 'actor' ->> 'subject' = 'wang'`,
      );
      return rows.map(({ data }) => data);
    };
    const query = `{ project(id: "${idOf('home-2')}") { history { nodes { recordedBy actor } } } }`;
    const { ask } = city.as({ subject: 'wang', roles: ['inspector'], districts: ['Bronx'] });
    await ask(query);
    await city.as({ subject: 'wang', roles: ['director'] }).ask(query.replace('recordedBy actor', 'recordedAs'));
    expect(await disclosed()).toEqual([]);
    await city.as({ subject: 'wang', roles: ['director'] }).ask(query);
    expect(await disclosed()).toMatchObject([{ field: 'recordedBy', objectIds: [idOf('home-2')], role: 'director' }]);
  });
});
