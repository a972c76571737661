import type { Decode } from '@tongchou/event-store';
import type { Fact, ReadModel, Tagged } from '@tongchou/kernel';
import { tally } from './flow-facts.ts';

interface GroupRow {
  readonly name: string;
  readonly facts: number;
  readonly amount: number;
  readonly highest: number;
}

type Measured = Fact<Tagged & { readonly amount: number }>;

const GROUPS = 50;

/** Combines streams: what is sums and a maximum, in whatever order streams are met. */
const groups: ReadModel<GroupRow, Measured, 'name'> = {
  name: 'groups',
  version: 1,
  columns: { name: 'text', facts: 'integer', amount: 'bigint', highest: 'integer' },
  primaryKey: ['name'],
  key: ({ event }) => ({ name: `group ${event.amount % GROUPS}` }),
  fold: (row, { event }) => ({
    name: `group ${event.amount % GROUPS}`,
    facts: (row?.facts ?? 0) + 1,
    amount: (row?.amount ?? 0) + event.amount,
    highest: Math.max(row?.highest ?? 0, event.amount),
  }),
};

/** Those that are rebuilt, and beside each the same one that never is. */
export const REBUILT = [tally, groups] as const;
export const twinOf = (name: string): string => `${name}_untouched`;
const twins = [
  { ...tally, name: twinOf(tally.name) },
  { ...groups, name: twinOf(groups.name) },
];
export const ALL_MODELS = [...REBUILT, ...twins];

export const decodeOwn: Decode = (_source, type, _version, data) =>
  type === 'Measured' ? { type, ...data } : undefined;
