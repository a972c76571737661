import { describe, expect, it } from '@jest/globals';
import { judgeHistory, type ReadService } from './history-checker.ts';
import type { Reading } from './history-reading.ts';

const model = {
  name: 'sheets',
  version: 1,
  columns: { id: 'text', amount: 'bigint?' },
  primaryKey: ['id'],
  key: () => undefined,
  fold: () => ({}),
};
const sound = (event: string): Reading => ({
  event,
  faults: [],
  folded: true,
  rows: [{ model, row: { id: 'a', amount: null } }],
});
const read = (...readings: Reading[]): ReadService => ({
  service: 'costs',
  types: ['Opened'],
  chains: { Opened: [(data) => data] },
  readings,
});

describe('old history', () => {
  it('is readable when each version was kept, taken and shown', () => {
    expect(judgeHistory(read(sound('Opened v1'), sound('Opened v2')))).toEqual([]);
  });

  it('is not when a version is missing', () => {
    expect(judgeHistory(read(sound('Opened v2')))).toEqual(['costs: no golden event of Opened v1 was kept']);
  });

  it('is not when one is refused, ignored, or makes an unsound row', () => {
    const row = { id: 1, amount: 0.5 };
    const bad: Reading = { event: 'Opened v1', faults: ['upcast: no'], folded: false, rows: [{ model, row }] };
    expect(judgeHistory(read(bad, { ...sound('Opened v2'), rows: [] }))).toEqual([
      'costs Opened v1: upcast: no',
      'costs Opened v1: its aggregate did not take it',
      'Opened v1: a row of sheets: id is no text',
      'Opened v1: a row of sheets: amount is no whole number',
      'costs Opened v2: no read model shows it',
    ]);
  });
});
