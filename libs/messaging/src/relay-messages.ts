import { toMessage, toWatermarkMessage } from '@tongchou/contracts';
import type { EnvelopedMessage, PublicFact } from '@tongchou/contracts';
import { newEventId } from '@tongchou/event-store';
import type { Cursor, StoredFact } from '@tongchou/event-store';
import { parseSnapshot } from '@tongchou/event-store';
import type { Fact, Tagged } from '@tongchou/kernel';
import type { OutgoingMessage } from './bus.ts';

/** The header that names a topic's present life. */
export const GENERATION_HEADER = 'ce_generation';

/** The header that names the store which a message comes from. */
export const ORIGIN_HEADER = 'ce_origin';

/** What a relay signs its messages with. */
export interface Signature {
  readonly origin: string;
  readonly generation: string;
}

export interface Translation {
  /** A stored own event as today's code knows it; throws when it is newer than this release. */
  readonly decode: (type: string, schemaVersion: number, data: object) => Tagged;
  /** An own fact as others may see it; `undefined` = private: it travels as an envelope without data. */
  readonly publish: (fact: Fact) => PublicFact | undefined;
}

const signed = (message: EnvelopedMessage, { generation, origin }: Signature): EnvelopedMessage => ({
  ...message,
  headers: { ...message.headers, [GENERATION_HEADER]: generation, [ORIGIN_HEADER]: origin },
});

export function factMessage(
  stored: StoredFact,
  signature: Signature,
  { decode, publish }: Translation,
): OutgoingMessage {
  const { source, streamId, streamType, version, eventId, recordedAt, metadata } = stored;
  const event = decode(stored.eventType, stored.schemaVersion, stored.data ?? {});
  const fact: Fact = { source, streamId, streamType, version, eventId, recordedAt, metadata, event };
  return signed(toMessage(fact, publish(fact)), signature);
}

/** The closed instant, for each of these partitions. */
export function watermarkMessages(
  service: string,
  closedInstant: string,
  signature: Signature,
  partitions: readonly number[],
): OutgoingMessage[] {
  const { generation } = signature;
  const message = signed(toWatermarkMessage(service, newEventId(), { closedInstant, generation }), signature);
  return partitions.map((partition) => ({ ...message, partition, ephemeral: true }));
}

/** A cursor as the text that a bus keeps for the relay. */
export const cursorText = ({ base, paging }: Cursor): string =>
  JSON.stringify({ base: base.text, ...(paging && { target: paging.target.text, after: paging.after }) });

/** Reads `cursorText` again. */
export function cursorOf(text: string): Cursor {
  const kept = JSON.parse(text) as { base: string; target?: string; after?: string };
  const base = parseSnapshot(kept.base);
  if (kept.target === undefined || kept.after === undefined) return { base };
  return { base, paging: { target: parseSnapshot(kept.target), after: kept.after } };
}
