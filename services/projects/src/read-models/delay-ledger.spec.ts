import { expect, it } from '@jest/globals';
import { projectIdOf } from '@tongchou/contracts';
import { isoDate } from '@tongchou/kernel';
import { factsOf, rowsOf } from '@tongchou/testing';
import type { ProjectEvent } from '../domain/project.ts';
import { delayLedger } from './delay-ledger.ts';

const streamId = projectIdOf('register', '7');
const period = isoDate('2015-02-01');

const slip = (finish: string, slipDays: number, more: object = {}): ProjectEvent => ({
  type: 'FinishForecastRevised',
  period,
  from: isoDate('2016-01-01'),
  finish: isoDate(finish),
  slipDays,
  ...more,
});

it('has a row a slip, with its reason or Unexplained, and nothing else', () => {
  const facts = factsOf({ source: 'projects', streamType: 'Project', streamId }, [
    { type: 'BaselineFinishSet', period, finish: isoDate('2016-01-01') } satisfies ProjectEvent,
    slip('2016-01-11', 10),
    { type: 'FinishForecastCorrectedLate', period, finish: isoDate('2016-05-01') } satisfies ProjectEvent,
    slip('2016-01-09', -2, { reason: 'Weather' }),
  ]);
  const elsewhere = factsOf({ source: 'costs', streamType: 'CostSheet', streamId }, [slip('2016-01-11', 10)]);
  const rows = rowsOf(delayLedger, [...facts, ...elsewhere]);
  expect(rows).toEqual([
    {
      projectId: streamId,
      version: 2,
      period: '2015-02-01',
      finishBefore: '2016-01-01',
      finishAfter: '2016-01-11',
      days: 10,
      reason: 'Unexplained',
      recordedBy: 'demo',
      recordedAs: null,
      onBehalfOf: null,
      requestId: 'request',
      reportedAt: '2018-09-01T08:00:00.000001Z',
    },
    expect.objectContaining({ version: 4, days: -2, reason: 'Weather' }),
  ]);
});
