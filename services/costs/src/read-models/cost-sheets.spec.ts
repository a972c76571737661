import { describe, expect, it } from '@jest/globals';
import { costSheetIdOf, projectIdOf } from '@tongchou/contracts';
import { cents, isoDate } from '@tongchou/kernel';
import { assertCommutes, factsOf, rowsOf } from '@tongchou/testing';
import type { CostSheetEvent } from '../domain/cost-sheet.ts';
import { costSheets } from './cost-sheets.ts';

const projectId = projectIdOf('nyc-capital-projects', '3');
const may = isoDate('2014-05-01');
const june = isoDate('2014-06-01');
const july = isoDate('2014-07-01');

const sheetOf = (reference: string, ...events: CostSheetEvent[]) =>
  factsOf(
    {
      source: 'costs',
      streamType: 'CostSheet',
      streamId: costSheetIdOf(projectIdOf('nyc-capital-projects', reference)),
    },
    events,
  );

const rowAfter = (...events: CostSheetEvent[]) => rowsOf(costSheets, sheetOf('3', ...events))[0];

const opened: CostSheetEvent = { type: 'CostSheetOpened', projectId };
const baseline: CostSheetEvent = { type: 'BudgetBaselineReported', projectId, period: may, amount: cents(100) };
const revised: CostSheetEvent = {
  type: 'BudgetRevised',
  projectId,
  period: june,
  from: cents(100),
  amount: cents(120),
};

describe('the table of cost sheets', () => {
  it('has no figure until one was accepted', () => {
    expect(rowAfter(opened)).toMatchObject({ state: 'OPEN', currentBudget: null, baselineBudget: null, ceiling: null });
  });

  it('keeps the baseline, and moves the current budget with each revision', () => {
    expect(rowAfter(opened, baseline, revised)).toMatchObject({
      baselineBudget: 100,
      baselinePeriod: may,
      currentBudget: 120,
      currentPeriod: june,
      revisions: 1,
      version: 3,
    });
  });

  it('what is late, quarantined or confirmed does not move the figure', () => {
    const ofJuly = { projectId, period: july, amount: cents(120) };
    const row = rowAfter(
      opened,
      baseline,
      revised,
      { type: 'BudgetCorrectedLate', projectId, period: may, amount: cents(90) },
      { type: 'BudgetQuarantined', projectId, period: july, amount: cents(0), reason: 'NotPositive' },
      { type: 'BudgetConfirmed', ...ofJuly },
      { type: 'BudgetConfirmed', ...ofJuly, period: may },
    );
    expect(row).toMatchObject({ currentBudget: 120, currentPeriod: july, lateCorrections: 1, quarantined: 1 });
  });

  it('shows the overrun for as long as the budget is above the ceiling', () => {
    const ceiling: CostSheetEvent = { type: 'CeilingSet', projectId, amount: cents(110), approval: 'DRC-1' };
    const above = { budget: cents(120), ceiling: cents(110), over: cents(10) };
    const story: CostSheetEvent[] = [
      opened,
      baseline,
      ceiling,
      revised,
      { type: 'OverrunFlagged', projectId, ...above },
    ];
    expect(rowAfter(...story)).toMatchObject({ overrun: 10, crossings: 1, ceilingApproval: 'DRC-1' });
    const raised = {
      type: 'CeilingRaised',
      projectId,
      from: cents(110),
      amount: cents(120),
      approval: 'DRC-2',
    } as const;
    expect(rowAfter(...story, raised)).toMatchObject({ overrun: null, crossings: 1, ceiling: 120 });
  });

  it('says why a sheet is closed', () => {
    const row = rowAfter(opened, { type: 'CostSheetClosed', projectId, reason: 'Merged' });
    expect(row).toMatchObject({ state: 'CLOSED', closedBecause: 'Merged' });
  });

  it('has a row for each project, from facts of costs only', () => {
    const other = { ...opened, projectId: projectIdOf('nyc-capital-projects', '4') };
    const elsewhere = factsOf({ source: 'projects', streamType: 'Project', streamId: projectId }, [opened]);
    const facts = [...sheetOf('3', opened, baseline), ...sheetOf('4', other), ...elsewhere];
    expect(rowsOf(costSheets, facts)).toMatchObject([
      { projectId, version: 2 },
      { version: 1, currentBudget: null },
    ]);
  });

  it('comes out the same however the facts of two sheets are mixed', () => {
    const other = [opened, baseline, revised].map((event) => ({
      ...event,
      projectId: projectIdOf('nyc-capital-projects', '4'),
    }));
    assertCommutes(costSheets, [sheetOf('3', opened, baseline, revised), sheetOf('4', ...other)]);
  });
});
