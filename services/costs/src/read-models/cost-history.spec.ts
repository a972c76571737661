import { describe, expect, it } from '@jest/globals';
import { costSheetIdOf, projectIdOf } from '@tongchou/contracts';
import { cents, isoDate } from '@tongchou/kernel';
import { factsOf, rowsOf } from '@tongchou/testing';
import type { CostSheetEvent } from '../domain/cost-sheet.ts';
import { costHistory } from './cost-history.ts';

const projectId = projectIdOf('nyc-capital-projects', '3');
const may = isoDate('2014-05-01');
const june = isoDate('2014-06-01');

const rowsAfter = (...events: CostSheetEvent[]) =>
  rowsOf(
    costHistory,
    factsOf({ source: 'costs', streamType: 'CostSheet', streamId: costSheetIdOf(projectId) }, events),
  );

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
    expect(rowsAfter(opened, baseline, revised)).toMatchObject([
      { version: 1, type: 'CostSheetOpened', amount: null, period: null },
      { version: 2, type: 'BudgetBaselineReported', amount: 100, from: null, period: may, recordedBy: 'demo' },
      { version: 3, type: 'BudgetRevised', amount: 120, from: 100, period: june },
    ]);
  });

  it('says why: a reason, or the reference of an approval', () => {
    const facts: CostSheetEvent[] = [
      opened,
      { type: 'CeilingSet', projectId, amount: cents(1), approval: 'DRC-1' },
      { type: 'CostSheetClosed', projectId, reason: 'Merged' },
    ];
    expect(rowsAfter(...facts)).toMatchObject([{ because: null }, { because: 'DRC-1' }, { because: 'Merged' }]);
  });

  it('of an overrun shows what is above the ceiling', () => {
    const above = { budget: cents(120), ceiling: cents(110), over: cents(10) };
    expect(rowsAfter({ type: 'OverrunFlagged', projectId, ...above })).toMatchObject([{ amount: 10 }]);
  });

  it('hears facts of costs only', () => {
    const elsewhere = factsOf({ source: 'projects', streamType: 'Project', streamId: projectId }, [opened]);
    expect(rowsOf(costHistory, elsewhere)).toEqual([]);
  });

  it('says by whom, as what and for whom, as far as the fact tells', () => {
    const [fact] = factsOf({ source: 'costs', streamType: 'CostSheet', streamId: costSheetIdOf(projectId) }, [opened]);
    if (!fact) throw new Error('no fact');
    const former = { recordedBy: 'demo', recordedAs: null, onBehalfOf: null, requestId: 'request' };
    expect(rowsOf(costHistory, [fact])).toMatchObject([former]);
    const actor = { subject: 'li', role: 'cost-engineer', onBehalfOf: 'wang' };
    expect(rowsOf(costHistory, [{ ...fact, metadata: { ...fact.metadata, actor } }])).toMatchObject([
      { recordedBy: 'li', recordedAs: 'cost-engineer', onBehalfOf: 'wang', requestId: 'request' },
    ]);
  });
});
