import type { PoolClient } from 'pg';
import type { IncomingMessage } from './bus.ts';
import type { FaultyMessage, Judged, ReceivedContracts } from './judge-message.ts';
import { lockOffset, moveOffset } from './offsets-table.ts';
import { park } from './parked-table.ts';
import type { BusPlace, ToPark } from './parked-table.ts';
import { moveWatermark } from './received-table.ts';
import { NOTHING_SETTLED, settleStreams } from './settle-streams.ts';
import type { Settled, StreamMessage } from './settle-streams.ts';

export interface JudgedMessage {
  readonly message: IncomingMessage;
  readonly judged: Judged;
}

/** Judged messages of one generation and partition, all that lies between two offsets. */
export interface Slice {
  readonly source: string;
  readonly place: BusPlace;
  readonly messages: readonly JudgedMessage[];
  readonly to: number;
  /** Everything from here on was handed out: what lies before must have had its effect. */
  readonly since: number;
  /** Watermarks are written at most once a second; the next one says more anyway. */
  readonly withWatermark: boolean;
}

/** The effect is there, or messages before the slice are missing and reading must go on at `seek`. */
export type Effect = { readonly seek: number } | { readonly settled: Settled; readonly alone: readonly ToPark[] };

const faultOf = (judged: FaultyMessage): StreamMessage['fault'] => ({ reason: judged.reason, detail: judged.detail });

function streamMessage({ message, judged }: JudgedMessage): StreamMessage | undefined {
  if (judged.kind === 'fact') {
    const { streamId, version, eventId } = judged.envelope;
    return { streamId, version, eventId, fault: undefined, message, judged };
  }
  if (judged.kind === 'watermark' || judged.streamId === undefined) return undefined;
  const { streamId, version, eventId } = judged;
  return { streamId, version, eventId, fault: faultOf(judged), message, judged };
}

function unplaced({ message, judged }: JudgedMessage): ToPark[] {
  if (judged.kind !== 'fault' || judged.streamId !== undefined) return [];
  return [{ message, reason: judged.reason, detail: judged.detail }];
}

async function writeWatermark(client: PoolClient, slice: Slice, fresh: readonly JudgedMessage[]): Promise<void> {
  const instants = fresh.flatMap(({ judged }) => (judged.kind === 'watermark' ? judged.closedInstant : []));
  const last = instants.at(-1);
  if (slice.withWatermark && last !== undefined) {
    await moveWatermark(client, slice.source, slice.place.partition, last);
  }
}

/**
 * The effect of a slice, once and whole, in the caller's transaction: locks the offset, drops what is below it, stores facts
 * in order, parks what cannot be stored, moves the watermark, and moves the offset by compare-and-set.
 */
export async function takeEffect(client: PoolClient, contracts: ReceivedContracts, slice: Slice): Promise<Effect> {
  const { source, place, to, since } = slice;
  const next = await lockOffset(client, place);
  if (since > next) return { seek: next };
  if (to <= next) return { settled: NOTHING_SETTLED, alone: [] };
  const fresh = slice.messages.filter(({ message }) => message.offset >= next);
  const placed = fresh.flatMap((item) => streamMessage(item) ?? []);
  const arrivals = Map.groupBy(placed, ({ streamId }) => streamId);
  const settled = await settleStreams(client, { source, contracts }, place, arrivals);
  const alone = fresh.flatMap(unplaced);
  await park(client, source, place, alone);
  await writeWatermark(client, slice, fresh);
  await moveOffset(client, place, next, to);
  return { settled, alone };
}
