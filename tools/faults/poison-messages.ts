import { toMessage } from '@tongchou/contracts';
import { newEventId } from '@tongchou/event-store';
import { partitionOf } from '@tongchou/messaging';
import type { OutgoingMessage } from '@tongchou/messaging';
import { LONGEST_NOTE, metadataOf, STREAM_TYPE, uuidFor } from './flow-facts.ts';
import type { SentFact, SentPoison } from './poison-checker.ts';

const RECORDED_AT = '2026-01-01T00:00:00.000000Z';
const LARGE_BYTES = 5 * 1024 * 1024;

interface Shape {
  readonly type?: string;
  readonly schemaVersion?: number;
  readonly data?: object;
}

/** The message of a fact, as the relay of `source` sends it. */
export function messageOf(source: string, place: SentFact, shape: Shape = {}): OutgoingMessage {
  const { type = 'Measured', schemaVersion = 1, data = { amount: place.version } } = shape;
  const { stream: streamId, version, eventId } = place;
  const told = { source, streamId, streamType: STREAM_TYPE, version, eventId, recordedAt: RECORDED_AT };
  return toMessage({ ...told, metadata: metadataOf(eventId), event: { type } }, { type, schemaVersion, data });
}

export const placeIn = (stream: string, version: number): SentFact => ({ stream, version, eventId: newEventId() });

/** A stream of this partition, and of no other name's. */
export function streamIn(partition: number, name: string): string {
  for (let nth = 0; ; nth += 1) {
    const stream = uuidFor(`${name} ${nth}`);
    if (partitionOf(stream) === partition) return stream;
  }
}

export interface Poison extends Omit<SentPoison, 'eventId'> {
  message(source: string, place: SentFact): OutgoingMessage;
  /** How it is put right: the true message sent again, newer code, or by giving it up; absent where nothing is wrong. */
  readonly repair?: 'send again' | 'newer code' | 'give up';
}

/** What may come over a bus, whoever sent it. */
export const POISONS: readonly Poison[] = [
  {
    kind: 'null',
    reason: 'unreadable',
    repair: 'send again',
    message: (source, place) => ({ ...messageOf(source, place), value: null }),
  },
  {
    kind: 'not JSON',
    reason: 'unreadable',
    repair: 'send again',
    message: (source, place) => ({ ...messageOf(source, place), value: Buffer.from('{"amount": 1') }),
  },
  {
    kind: 'wrong shape',
    reason: 'breach',
    repair: 'send again',
    message: (source, place) => messageOf(source, place, { data: { amount: 'much' } }),
  },
  {
    kind: 'future version',
    reason: 'unknown-version',
    repair: 'newer code',
    message: (source, place) => messageOf(source, place, { schemaVersion: 2 }),
  },
  {
    kind: 'key of another stream',
    reason: 'breach',
    repair: 'send again',
    message: (source, place) => ({
      ...messageOf(source, place),
      key: uuidFor('another'),
      partition: partitionOf(place.stream),
    }),
  },
  {
    kind: '5 MB',
    reason: 'breach',
    repair: 'send again',
    message: (source, place) =>
      messageOf(source, place, { data: { amount: 1, note: 'x'.repeat(Math.max(LARGE_BYTES, LONGEST_NOTE)) } }),
  },
  {
    kind: 'same version, other content',
    reason: 'forked',
    repair: 'give up',
    message: (source, place) => messageOf(source, place, { data: { amount: 999_999 } }),
  },
  { kind: 'unknown type', message: (source, place) => messageOf(source, place, { type: 'Unheard' }) },
];
