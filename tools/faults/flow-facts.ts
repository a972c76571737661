import { createHash } from 'node:crypto';
import { ContractBreach } from '@tongchou/contracts';
import type { PublicFact } from '@tongchou/contracts';
import { createCodec } from '@tongchou/event-store';
import type { Decode } from '@tongchou/event-store';
import type { Fact, ReadModel, Tagged } from '@tongchou/kernel';
import type { ReceivedContracts } from '@tongchou/messaging';

/** What projects of a flow tell: public amounts, and what they keep to themselves. */
export type FlowEvent =
  | { readonly type: 'Measured'; readonly amount: number; readonly note?: string }
  | { readonly type: 'Kept'; readonly amount: number };

export const STREAM_TYPE = 'Project';

/** A UUID that is always the same for a name. */
export function uuidFor(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export const metadataOf = (commandId: string) => ({
  correlationId: commandId,
  causationId: commandId,
  commandId,
  actor: { subject: 'flow' },
});

const codec = createCodec({});

export const translation = {
  decode: codec.decode,
  publish: ({ event: { type, ...data } }: Fact): PublicFact | undefined =>
    type === 'Kept' ? undefined : { type, schemaVersion: 1, data },
};

/** Longer ones break the contract. */
export const LONGEST_NOTE = 200_000;

/** What the listening side knows: `Measured` up to version `known`. */
export const flowContracts = (known = 1): ReceivedContracts => ({
  check(_source, type, schemaVersion, data) {
    if (type !== 'Measured') return 'unknown';
    if (schemaVersion > known) throw new ContractBreach('UNKNOWN_VERSION', `Measured v${schemaVersion} is not known`);
    if (!('amount' in data) || typeof data.amount !== 'number') {
      throw new ContractBreach('DATA_BREACH', 'Measured: amount: not a number');
    }
    if ('note' in data && String(data.note).length > LONGEST_NOTE) {
      throw new ContractBreach('DATA_BREACH', `Measured: note: longer than ${LONGEST_NOTE}`);
    }
    return 'known';
  },
});

export interface TallyRow {
  readonly stream: string;
  readonly facts: number;
  readonly amount: number;
  readonly last: number;
  /** Facts that came although a later one was there. */
  readonly inverted: number;
}

type Measured = Fact<Tagged & { readonly amount: number }>;

/** The effect that every received fact has: once counted, in the order of its stream. */
export const tally: ReadModel<TallyRow, Measured, 'stream'> = {
  name: 'tally',
  version: 1,
  columns: { stream: 'text', facts: 'integer', amount: 'bigint', last: 'integer', inverted: 'integer' },
  primaryKey: ['stream'],
  key: ({ streamId }) => ({ stream: streamId }),
  fold: (row, { streamId, version, event }) => ({
    stream: streamId,
    facts: (row?.facts ?? 0) + 1,
    amount: (row?.amount ?? 0) + event.amount,
    last: Math.max(row?.last ?? 0, version),
    inverted: (row?.inverted ?? 0) + (version > (row?.last ?? 0) ? 0 : 1),
  }),
};

export const decodeFlow: Decode = (_source, type, _version, data) =>
  type === 'Measured' ? { type, ...data } : undefined;
