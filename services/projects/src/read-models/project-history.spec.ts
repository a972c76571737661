import { describe, expect, it } from '@jest/globals';
import { costSheetIdOf, decodePublic, projectIdOf } from '@tongchou/contracts';
import type { Fact } from '@tongchou/kernel';
import { assertCommutes, factsOf, goldenOf, rowsOf } from '@tongchou/testing';
import { delayLedger } from './delay-ledger.ts';
import { projectHistory } from './project-history.ts';
import { works } from './works.ts';

const projectId = projectIdOf('register', '7');

/** Every kind of fact of a service, as golden events hold them, about one project. */
function everyFactOf(source: string, streamType: string, streamId: string): Fact[] {
  const events = goldenOf(source).map(({ type, schemaVersion, data }) =>
    decodePublic(source, type, schemaVersion, { ...data, projectId }),
  );
  return factsOf(
    { source, streamType, streamId },
    events.filter((event) => event !== undefined),
  );
}

const own = everyFactOf('projects', 'Project', projectId);
const ofCosts = everyFactOf('costs', 'CostSheet', costSheetIdOf(projectId));

it.each([delayLedger, projectHistory])('$name says by whom, as what and for whom', (model) => {
  const actor = { subject: 'li', role: 'integrator', onBehalfOf: 'wang' };
  const told = own.map((fact) => ({ ...fact, metadata: { ...fact.metadata, actor } }));
  const [row] = rowsOf(model, told);
  expect(row).toMatchObject({
    recordedBy: 'li',
    recordedAs: 'integrator',
    onBehalfOf: 'wang',
    requestId: 'request',
  });
});

describe('the history of a project', () => {
  const rows = rowsOf(projectHistory, [...own, ...ofCosts]);

  it('has a row a fact, of whatever kind and service', () => {
    expect(rows).toHaveLength(own.length + ofCosts.length);
    expect(rows).toContainEqual({
      projectId,
      source: 'costs',
      streamId: costSheetIdOf(projectId),
      version: expect.any(Number),
      streamType: 'CostSheet',
      type: 'BudgetRevised',
      direction: null,
      period: '2018-08-31',
      summary: 'Budget 168751769.00, before 182980960.00',
      recordedBy: 'demo',
      recordedAs: null,
      onBehalfOf: null,
      requestId: 'request',
      recordedAt: expect.stringMatching(/^2018-09-01T/),
      effectiveOn: null,
      eventId: expect.any(String),
    });
  });

  it('tells each in words, and which way it went', () => {
    for (const row of rows) expect(row).toMatchObject({ summary: expect.stringMatching(/^[A-Z0-9][^{}]{4,}$/) });
    expect(rows).toContainEqual(
      expect.objectContaining({ summary: 'Finish 2020-07-19, 187 days later', direction: 'LATER' }),
    );
    expect(rows).toContainEqual(
      expect.objectContaining({ summary: 'From phase Design to Construction Procurement', direction: null }),
    );
  });
});

it.each([works, delayLedger, projectHistory])('$name comes out the same, however streams interleave', (model) => {
  assertCommutes(model, [own, ofCosts]);
});
