import { describe, expect, it } from '@jest/globals';
import { costSheetIdOf, projectIdOf } from '@tongchou/contracts';
import type { CostsFact } from '@tongchou/contracts';
import { cents, isoDate } from '@tongchou/kernel';
import type { Fact } from '@tongchou/kernel';
import { factsOf, rowsOf } from '@tongchou/testing';
import type { ProjectEvent } from '../domain/project.ts';
import { works } from './works.ts';
import type { WorksRow } from './works.ts';

const projectId = projectIdOf('register', '7');

const own = (...events: ProjectEvent[]) =>
  factsOf({ source: 'projects', streamType: 'Project', streamId: projectId }, events);
const ofCosts = (...events: CostsFact[]) =>
  factsOf({ source: 'costs', streamType: 'CostSheet', streamId: costSheetIdOf(projectId) }, events);

const registered: ProjectEvent = {
  type: 'ProjectRegistered',
  projectId,
  register: 'register',
  reference: '7',
  name: 'A bridge',
  description: '',
  projectType: 'Bridges, Streets and Roadways',
  managingDepartment: 'DOT',
  clientDepartment: '',
  districts: 'Bronx, Manhatten, Bronx',
  registeredOn: isoDate('2014-05-01'),
};

const on = (day: string) => ({ period: isoDate(day) });
const first = on('2014-05-01');
const second = on('2015-02-01');

const budget = (type: 'BudgetBaselineReported' | 'BudgetCorrectedLate', amount: number): CostsFact => ({
  type,
  projectId,
  ...first,
  amount: cents(amount),
});
const revised = (from: number, amount: number): CostsFact => ({
  type: 'BudgetRevised',
  projectId,
  ...second,
  from: cents(from),
  amount: cents(amount),
});

const row = (...facts: Fact[]): WorksRow => rowsOf(works, facts)[0] as WorksRow;

describe('works', () => {
  it('knows nothing but who and where at first: null, never zero', () => {
    expect(row(...own(registered))).toMatchObject({
      registered: true,
      register: 'register',
      reference: '7',
      name: 'A bridge',
      description: null,
      department: 'DOT',
      clientDepartment: null,
      phase: null,
      reportedPhase: null,
      slipDays: null,
      baselineBudget: null,
      currentBudget: null,
      lastHeardOn: '2014-05-01',
      silentAfter: '2014-10-28',
    });
  });

  it('parts lists at a comma with a space, keeps words as written, counts a word once', () => {
    const { districts, writtenDistricts, categories } = row(...own(registered));
    expect(districts).toEqual(['Bronx', 'Manhatten']);
    expect(writtenDistricts).toBe('Bronx, Manhatten, Bronx');
    expect(categories).toEqual(['Bridges', 'Streets and Roadways']);
  });

  it('takes corrections of words, also to nothing', () => {
    const corrected = own(registered, {
      type: 'ProjectCorrected',
      details: { districts: '', name: 'A wide bridge' },
      reason: 'typing error',
    });
    expect(row(...corrected)).toMatchObject({ name: 'A wide bridge', districts: [], writtenDistricts: null });
  });

  it('keeps the baseline finish, and is late only after more than 30 days', () => {
    const baseline: ProjectEvent = { type: 'BaselineFinishSet', ...first, finish: isoDate('2016-01-01') };
    const moved = (day: string, slipDays: number): ProjectEvent => ({
      type: 'FinishForecastRevised',
      ...second,
      from: isoDate('2016-01-01'),
      finish: isoDate(day),
      slipDays,
    });
    expect(row(...own(registered, baseline))).toMatchObject({ slipDays: 0, late: false, forecastFinish: '2016-01-01' });
    const thirty = row(...own(registered, baseline, moved('2016-01-31', 30)));
    expect(thirty).toMatchObject({ slipDays: 30, late: false, baselineFinish: '2016-01-01' });
    expect(row(...own(registered, baseline, moved('2016-02-01', 31)))).toMatchObject({ slipDays: 31, late: true });
    expect(row(...own(registered, baseline, moved('2015-12-01', -31)))).toMatchObject({ slipDays: -31, late: false });
  });

  it('does not move what stands by what is late or not believed', () => {
    const facts = own(
      registered,
      { type: 'PhaseReported', ...second, word: 'Construction', phase: 'UnderConstruction' },
      { type: 'BaselineFinishSet', ...second, finish: isoDate('2016-01-01') },
      { type: 'DesignStartReported', ...second, designStart: isoDate('2013-01-01') },
      { type: 'ProgressRecorded', ...second, percentComplete: 12.34 },
    );
    const before = row(...facts);
    const later = own(
      ...facts.map(({ event }) => event),
      { type: 'PhaseCorrectedLate', ...first, word: 'Design', phase: 'Designing' },
      { type: 'FinishForecastCorrectedLate', ...first, finish: isoDate('2017-01-01') },
      {
        type: 'FinishForecastQuarantined',
        ...second,
        finish: isoDate('2108-01-01'),
        reason: 'MoreThan30YearsAfterPeriod',
      },
      { type: 'DesignStartCorrectedLate', ...first, designStart: isoDate('2012-01-01') },
      { type: 'ProgressCorrectedLate', ...first, percentComplete: 1 },
      { type: 'StatusConfirmed', ...first },
    );
    expect(row(...later)).toEqual(before);
    expect(before).toMatchObject({ phase: 'UNDER_CONSTRUCTION', reportedPhase: 'Construction', progress: 1234 });
  });

  it('was last heard of on the latest period of any report', () => {
    const heard = row(
      ...own(registered, { type: 'StatusConfirmed', ...second }, { type: 'StatusConfirmed', ...first }),
    );
    expect(heard).toMatchObject({ lastHeardOn: '2015-02-01', silentAfter: '2015-07-31' });
    const lastDay = row(...own(registered, { type: 'StatusConfirmed', ...on('9999-12-31') }));
    expect(lastDay.silentAfter).toBe('9999-12-31');
  });

  it('is dear only above 105 %, to the cent, however large', () => {
    const dear = (from: number, to: number) =>
      row(...own(registered), ...ofCosts(budget('BudgetBaselineReported', from), revised(from, to))).dear;
    expect([dear(10_000, 10_500), dear(10_000, 10_501)]).toEqual([false, true]);
    const huge = 8_500_000_000_000_000;
    expect([dear(huge, (huge / 100) * 105), dear(huge, (huge / 100) * 105 + 1)]).toEqual([false, true]);
  });

  it('keeps its baseline budget, and its ceiling', () => {
    const facts = ofCosts(
      { type: 'CostSheetOpened', projectId },
      budget('BudgetBaselineReported', 100),
      revised(100, 90),
      budget('BudgetCorrectedLate', 5),
      { type: 'CeilingSet', projectId, amount: cents(200), approval: 'A-1' },
    );
    expect(row(...facts)).toMatchObject({
      registered: false,
      baselineBudget: 100,
      currentBudget: 90,
      ceiling: 200,
      lastHeardOn: null,
    });
  });

  it('stays visible when cancelled, and is no longer expected to report', () => {
    const cancelled = row(...own(registered, { type: 'ProjectCancelled', reason: 'merged' }));
    expect(cancelled).toMatchObject({
      registered: true,
      phase: 'CANCELLED',
      cancelledBecause: 'merged',
      silentAfter: null,
    });
  });
});
