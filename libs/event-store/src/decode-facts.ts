import type { Fact, Tagged } from '@tongchou/kernel';
import type { StoredFact } from './difference.ts';
import { reasonOf } from './log.ts';

/**
 * Stored data as an event of today's version; `undefined` for a type that nobody here reads. Own facts have the service's
 * name as source. Throws for what cannot be read.
 */
export type Decode = (source: string, type: string, schemaVersion: number, data: object) => Tagged | undefined;

/** A stored fact cannot be read: whoever needs it must stop, or it would be skipped for ever. */
export class UnreadableFact extends Error {
  constructor(stored: StoredFact, cause: unknown) {
    const { eventType, schemaVersion, source, streamId, version } = stored;
    super(
      `${eventType} v${schemaVersion} (${source}, stream ${streamId}, version ${version}) cannot be read: ${reasonOf(cause)}`,
      {
        cause,
      },
    );
    this.name = 'UnreadableFact';
  }
}

function toFact(stored: StoredFact, decode: Decode): Fact | undefined {
  if (stored.data === null) return undefined;
  try {
    const event = decode(stored.source, stored.eventType, stored.schemaVersion, stored.data);
    if (event === undefined) return undefined;
    const { source, streamId, streamType, version, eventId, recordedAt, metadata } = stored;
    return { source, streamId, streamType, version, eventId, recordedAt, metadata, event };
  } catch (error) {
    throw new UnreadableFact(stored, error);
  }
}

/** The facts that have a meaning here, in order; envelopes without data and unknown types have none. @throws UnreadableFact */
export function decodeFacts(stored: readonly StoredFact[], decode: Decode): Fact[] {
  return stored.flatMap((each) => toFact(each, decode) ?? []);
}

/** The facts, or why they cannot be read. */
export function readable(stored: readonly StoredFact[], decode: Decode): Fact[] | string {
  try {
    return decodeFacts(stored, decode);
  } catch (error) {
    return reasonOf(error);
  }
}
