import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { idOf, sampleCity, WORKS } from './sample-works.fixture.ts';
import type { SampleCity } from './sample-works.fixture.ts';

let city: SampleCity;
beforeAll(async () => {
  city = await sampleCity();
});
afterAll(() => city.close());

interface WorksAnswer {
  readonly works: {
    readonly totalCount: number;
    readonly nodes: readonly { readonly project: { readonly id: string; readonly reference: string } }[];
    readonly pageInfo: {
      readonly hasNextPage: boolean;
      readonly hasPreviousPage: boolean;
      readonly startCursor: string;
      readonly endCursor: string;
    };
  };
}

const PAGE = /* GraphQL */ `
  query ($first: Int, $after: String, $last: Int, $before: String, $filter: WorkFilter, $orderBy: [WorkOrder!]) {
    works(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
      nodes {
        project {
          id
          reference
        }
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
    }
  }
`;

const references = async (variables: object): Promise<number[]> => {
  const { data } = await city.ask<WorksAnswer>(PAGE, variables);
  return data.works.nodes.map(({ project }) => Number(project.reference));
};

describe('works', () => {
  it('answers the first figure', async () => {
    const { data, errors } = await city.ask('{ works(first: 1) { totalCount nodes { project { name } } } }');
    expect(errors).toBeUndefined();
    expect(data).toEqual({ works: { totalCount: 12, nodes: [{ project: { name: 'Work 0 of 100%_' } }] } });
  });

  it('has what nobody has said as null, and money with two places', async () => {
    const query = `{ works(first: 200) { nodes { project { reference register }
      department districts categories phase reportedPhase light { state reasons { code message } notJudged judgedOn }
      baselineFinish forecastFinish slipDays baselineBudget currentBudget lastHeardOn } } }`;
    const { data, errors } = await city.ask<{ works: { nodes: { project: { reference: string } }[] } }>(query);
    expect(errors).toBeUndefined();
    const of = (reference: number) => data.works.nodes.find(({ project }) => project.reference === String(reference));
    expect(of(3)).toMatchObject({
      department: null,
      districts: [],
      phase: null,
      reportedPhase: null,
      baselineFinish: null,
      forecastFinish: null,
      slipDays: null,
      baselineBudget: '30.01',
      currentBudget: '31.22',
      lastHeardOn: '2018-01-01',
      light: {
        state: 'WATCH',
        reasons: [{ code: 'SILENT' }, { code: 'BASELINE_FINISH_MISSING' }],
        judgedOn: '2018-08-31',
      },
    });
    expect(of(2)).toMatchObject({
      department: 'DOT',
      districts: ['Bronx', 'Queens', 'Manhatten'],
      categories: ['Bridges', 'Streets and Roadways'],
      phase: 'UNDER_CONSTRUCTION',
      reportedPhase: 'Construction',
      baselineFinish: '2020-01-01',
      forecastFinish: '2020-03-01',
      slipDays: 60,
      lastHeardOn: '2018-07-01',
      light: { state: 'WATCH', reasons: [{ code: 'LATE' }], notJudged: ['funds', 'wages'] },
    });
    expect(of(1)).toMatchObject({ slipDays: -1, light: { state: 'NORMAL', reasons: [] } });
    expect(of(12)).toMatchObject({ baselineBudget: null, currentBudget: null });
  });

  it.each([
    [{ light: 'NORMAL' }, [1, 5, 9]],
    [{ light: 'UNKNOWN' }, []],
    [{ light: 'WATCH', department: 'DOT' }, [2, 4, 7, 8, 10, 11]],
    [{ district: 'Manhatten' }, [2, 6, 10]],
    [{ phase: 'UNDER_CONSTRUCTION', district: 'Queens' }, [1, 2, 5, 6, 9, 10]],
    [{ register: 'another' }, []],
    [{ text: 'wORK 1' }, [1, 6, 11]],
    [{ text: '100%_' }, WORKS],
    [{ text: '%1%' }, []],
    [{ text: '  ' }, WORKS],
    [{ text: null, light: null }, WORKS],
  ])('filters by %j', async (filter, expected) => {
    expect((await references({ filter })).toSorted((a, b) => a - b)).toEqual(expected);
    const { data } = await city.ask<WorksAnswer>(
      'query ($filter: WorkFilter) { works(first: 0, filter: $filter) { totalCount } }',
      { filter },
    );
    expect(data.works.totalCount).toBe(expected.length);
  });

  const FIELDS = [
    'NAME',
    'REGISTER',
    'REFERENCE',
    'DEPARTMENT',
    'PHASE',
    'LIGHT',
    'BASELINE_FINISH',
    'FORECAST_FINISH',
    'SLIP_DAYS',
    'BASELINE_BUDGET',
    'CURRENT_BUDGET',
    'LAST_HEARD_ON',
  ];
  it.each(
    FIELDS.flatMap((field) => [
      [field, 'ASC'],
      [field, 'DESC'],
    ]),
  )('pages by %s %s, both ways', async (field, direction) => {
    const orderBy = [{ field, direction }, ...(field === 'NAME' ? [] : [{ field: 'NAME', direction: 'DESC' }])];
    const all = await references({ orderBy });
    expect(all.toSorted((a, b) => a - b)).toEqual(WORKS);
    const forward: number[] = [];
    const backward: number[] = [];
    for (let after: string | null = null; ;) {
      const { data }: { data: WorksAnswer } = await city.ask<WorksAnswer>(PAGE, { orderBy, first: 5, after });
      forward.push(...data.works.nodes.map(({ project }) => Number(project.reference)));
      if (!data.works.pageInfo.hasNextPage) break;
      after = data.works.pageInfo.endCursor;
    }
    for (let before: string | null = null; ;) {
      const { data }: { data: WorksAnswer } = await city.ask<WorksAnswer>(PAGE, { orderBy, last: 5, before });
      backward.unshift(...data.works.nodes.map(({ project }) => Number(project.reference)));
      if (!data.works.pageInfo.hasPreviousPage) break;
      before = data.works.pageInfo.startCursor;
    }
    expect([forward, backward]).toEqual([all, all]);
  });

  it('has nulls last, whichever way', async () => {
    const upwards = await references({ orderBy: [{ field: 'SLIP_DAYS' }] });
    const downwards = await references({ orderBy: [{ field: 'SLIP_DAYS', direction: 'DESC' }] });
    expect([upwards.slice(-3).toSorted(), downwards.slice(-3).toSorted()]).toEqual([
      [11, 3, 7],
      [11, 3, 7],
    ]);
    expect([upwards[0], downwards[0]].map((reference) => (reference ?? 0) % 2)).toEqual([1, 0]);
  });

  it.each([
    [{ first: 201 }, 'first must be 0 to 200'],
    [{ after: 'x' }, 'after is not a cursor of this list'],
    [{ orderBy: [{ field: 'NAME' }, { field: 'NAME' }] }, 'orderBy takes each field once'],
    [{ filter: { text: 'x'.repeat(201) } }, 'text must be at most 200 characters'],
  ])('refuses %j', async (variables, message) => {
    const { errors } = await city.ask(PAGE, variables);
    expect(errors).toMatchObject([
      { message: expect.stringContaining(message), extensions: { code: 'BAD_USER_INPUT' } },
    ]);
  });

  it.each(['works(filter: { text: "\\u0000" })', 'works(filter: { district: "\\u0000" })'])(
    'refuses what no row can hold: %s',
    async (field) => {
      const { errors } = await city.ask(`{ ${field} { totalCount } cityOverview(register: "\\u0000") { works } }`);
      expect(errors?.map(({ message, extensions }) => [message, extensions['code']])).toEqual(
        expect.arrayContaining([[expect.stringContaining('holds a NUL character'), 'BAD_USER_INPUT']]),
      );
      expect(errors?.map(({ extensions }) => extensions['code'])).not.toContain('INTERNAL');
    },
  );

  it('asks the database once for a page, and once more for its count', async () => {
    const page = '{ works { nodes { project { id name work { light { state } } } } } }';
    expect((await city.ask(page)).statements).toBe(1);
    expect((await city.ask('{ works { totalCount nodes { phase } } }')).statements).toBe(2);
  });
});

describe('a project by reference', () => {
  const entities = (count: number) =>
    city.ask<{ _entities: object[] }>(
      'query ($them: [_Any!]!) { _entities(representations: $them) { ... on Project { id name } } }',
      { them: Array.from({ length: count }, (_, index) => ({ __typename: 'Project', id: idOf(index + 1) })) },
    );

  it('is one statement for many', async () => {
    const [one, twelve] = [await entities(1), await entities(12)];
    expect(twelve.data['_entities'][11]).toEqual({ id: idOf(12), name: 'Work 2 of 100%_' });
    expect([one.statements, twelve.statements]).toEqual([1, 1]);
  });

  it('that nobody has named is null, as is what is no id', async () => {
    const query = 'query ($them: [_Any!]!) { _entities(representations: $them) { ... on Project { id } } }';
    const them = [
      { __typename: 'Project', id: idOf(99) },
      { __typename: 'Project', id: "' or true" },
    ];
    expect((await city.ask(query, { them })).data).toEqual({ _entities: [null, null] });
    expect((await city.ask(`{ project(id: "${idOf(99)}") { id } }`)).data).toEqual({ project: null });
  });
});
