import { describe, expect, it } from '@jest/globals';
import { costSheetIdOf, projectIdOf } from '@tongchou/contracts';
import { cents, isoDate } from '@tongchou/kernel';
import type { CostSheetEvent } from '../domain/cost-sheet.ts';
import { costHistory } from './cost-history.ts';
import type { OwnFact } from './cost-sheets.ts';

const projectId = projectIdOf('nyc-capital-projects', '3');
const may = isoDate('2014-05-01');
const june = isoDate('2014-06-01');

const factOf = (event: CostSheetEvent, index = 0): OwnFact => ({
  source: 'costs',
  streamId: costSheetIdOf(projectId),
  streamType: 'CostSheet',
  version: index + 1,
  eventId: '01980000-0000-7000-8000-000000000001',
  recordedAt: '2018-08-31T00:00:00.000000Z',
  metadata: { correlationId: 'c', causationId: 'c', commandId: 'c', actor: { subject: 'demo' } },
  event,
});

const opened: CostSheetEvent = { type: 'CostSheetOpened', projectId };
const baseline: CostSheetEvent = { type: 'BudgetBaselineReported', projectId, period: may, amount: cents(100) };
const revised: CostSheetEvent = {
  type: 'BudgetRevised',
  projectId,
  period: june,
  from: cents(100),
  amount: cents(120),
};

describe('the history of cost sheets', () => {
  it('has a row for each fact, in the order of its stream', () => {
    const rows = [opened, baseline, revised].map(factOf).map((fact) => costHistory.fold(undefined, fact));
    expect(rows).toMatchObject([
      { version: 1, type: 'CostSheetOpened', amount: null, period: null },
      { version: 2, type: 'BudgetBaselineReported', amount: 100, from: null, period: may, recordedBy: 'demo' },
      { version: 3, type: 'BudgetRevised', amount: 120, from: 100, period: june },
    ]);
    expect(costHistory.key(factOf(baseline, 1))).toEqual({ projectId, version: 2 });
  });

  it('says why: a reason, or the reference of an approval', () => {
    const because = (event: CostSheetEvent) => costHistory.fold(undefined, factOf(event)).because;
    expect(because({ type: 'CostSheetClosed', projectId, reason: 'Merged' })).toBe('Merged');
    expect(because({ type: 'CeilingSet', projectId, amount: cents(1), approval: 'DRC-1' })).toBe('DRC-1');
    expect(because(opened)).toBeNull();
  });

  it('of an overrun shows what is above the ceiling', () => {
    const above = { budget: cents(120), ceiling: cents(110), over: cents(10) };
    expect(costHistory.fold(undefined, factOf({ type: 'OverrunFlagged', projectId, ...above })).amount).toBe(10);
  });
});
