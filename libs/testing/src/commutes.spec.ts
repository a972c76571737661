import { expect, it } from '@jest/globals';
import type { Fact, ReadModel, Tagged } from '@tongchou/kernel';
import fc from 'fast-check';
import { commutes } from './commutes.ts';
import { factsOf } from './facts.ts';

interface Noted extends Tagged {
  readonly type: 'Noted';
  readonly amount: number;
}

type Row = { id: string; total: number; last: number };
const sums: ReadModel<Row, Fact<Noted>, 'id'> = {
  name: 'sums',
  version: 1,
  columns: { id: 'text', total: 'integer', last: 'integer' },
  primaryKey: ['id'],
  key: () => ({ id: 'all' }),
  fold: (row, { event }) => ({ id: 'all', total: (row?.total ?? 0) + event.amount, last: 0 }),
};

const events = fc.array(
  fc.nat({ max: 9 }).map((amount): Noted => ({ type: 'Noted', amount })),
  { maxLength: 6 },
);
const streams = fc
  .tuple(events, events, events)
  .map((lists) => lists.map((list, n) => factsOf({ source: 'projects', streamType: 'Note', streamId: `${n}` }, list)));

it('passes a model that sums over streams', () => {
  commutes(sums, streams);
});

it('fails a model that keeps what came last of all streams', () => {
  const last: typeof sums = { ...sums, fold: (_row, { event }) => ({ id: 'all', total: 0, last: event.amount }) };
  expect(() => commutes(last, streams)).toThrow(/Counterexample/);
});

it('fails a model that depends on which stream was first', () => {
  const first: typeof sums = { ...sums, fold: (row, { event }) => row ?? { id: 'all', total: 0, last: event.amount } };
  expect(() => commutes(first, streams)).toThrow(/Counterexample/);
});
