import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { idOf, sampleCity } from './sample-works.fixture.ts';
import type { SampleCity } from './sample-works.fixture.ts';

let city: SampleCity;
beforeAll(async () => {
  city = await sampleCity();
});
afterAll(() => city.close());

describe('delays and history', () => {
  it('lists each slip, by whom and when, and sums to the slip of the work', async () => {
    const query = `{ delayLedger(projectId: "${idOf(2)}") { totalCount totalDays
      nodes { days reason period finishBefore finishAfter recordedBy recordedAs onBehalfOf requestId reportedBy
        reportedAt } } }`;
    expect((await city.ask(query)).data).toEqual({
      delayLedger: {
        totalCount: 1,
        totalDays: 60,
        nodes: [
          {
            days: 60,
            reason: 'Unexplained',
            period: '2018-07-01',
            finishBefore: '2020-01-01',
            finishAfter: '2020-03-01',
            recordedBy: 'demo',
            recordedAs: 'integrator',
            onBehalfOf: null,
            requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
            reportedBy: 'demo',
            reportedAt: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T.*Z$/),
          },
        ],
      },
    });
    const nobody = await city.ask('{ delayLedger(projectId: "7") { totalCount totalDays nodes { days } } }');
    expect(nobody.data).toEqual({ delayLedger: { totalCount: 0, totalDays: 0, nodes: [] } });
  });

  it('tells every fact of a work, also of costs, and pages through them', async () => {
    interface History {
      readonly project: {
        readonly history: {
          readonly nodes: { readonly type: string }[];
          readonly pageInfo: { readonly endCursor: string };
        };
      };
    }
    const page = (after: string | null) =>
      city.ask<History>(
        `query ($after: String) { project(id: "${idOf(2)}") { history(first: 3, after: $after) { totalCount
          nodes { source type version summary actor recordedBy recordedAs recordedAt period effectiveOn direction } pageInfo { endCursor hasNextPage } } } }`,
        { after },
      );
    const first = await page(null);
    expect(first.errors).toBeUndefined();
    expect(first.data.project.history).toMatchObject({ totalCount: 7, pageInfo: { hasNextPage: true } });
    const second = await page(first.data.project.history.pageInfo.endCursor);
    const third = await page(second.data.project.history.pageInfo.endCursor);
    const nodes = [first, second, third].flatMap(({ data }) => data.project.history.nodes);
    expect(nodes.map(({ type }) => type).toSorted()).toEqual([
      'BaselineFinishSet',
      'BudgetBaselineReported',
      'BudgetRevised',
      'CostSheetOpened',
      'FinishForecastRevised',
      'PhaseReported',
      'ProjectRegistered',
    ]);
    expect(nodes).toContainEqual(
      expect.objectContaining({
        source: 'projects',
        summary: 'Finish 2020-03-01, 60 days later',
        actor: 'demo',
        recordedBy: 'demo',
        recordedAs: 'integrator',
        period: '2018-07-01',
        effectiveOn: '2018-07-01',
        direction: 'LATER',
      }),
    );
  });

  it('reads the histories of a whole page in one statement', async () => {
    const { errors, statements } = await city.ask(
      '{ works(first: 12) { nodes { project { history(first: 2) { totalCount nodes { type } } } } } }',
    );
    expect([errors, statements]).toEqual([undefined, 3]);
  });
});
