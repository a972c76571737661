import type { PoolClient } from 'pg';
import type { IncomingMessage } from './bus.ts';
import { judgeMessage } from './judge-message.ts';
import type { FaultyMessage, ReceivedContracts, SoundFact } from './judge-message.ts';
import { giveReasons, markReleased, park, parkedMessages, waitingIn } from './parked-table.ts';
import type { BusPlace, ToPark } from './parked-table.ts';
import { insertReceived, knownEvents, lastVersions } from './received-table.ts';
import type { Place } from './received-table.ts';
import { settleStream } from './settle-stream.ts';
import type { Arrival, Origin, Settlement, Waiting } from './settle-stream.ts';

/** A message whose stream is known, sound or not. */
export interface StreamMessage extends Arrival {
  readonly streamId: string;
  readonly message: IncomingMessage;
  readonly judged: SoundFact | FaultyMessage;
}

/** What settling did, for counts and alarms. */
export interface Settled {
  readonly inserted: readonly SoundFact[];
  readonly skipped: number;
  readonly parked: readonly ToPark[];
  /** Streams in which nothing waits any more. */
  readonly healed: readonly string[];
  /** Streams that begin to wait. */
  readonly stalled: readonly string[];
  readonly forked: readonly string[];
}

export const NOTHING_SETTLED: Settled = {
  inserted: [],
  skipped: 0,
  parked: [],
  healed: [],
  stalled: [],
  forked: [],
};

interface Ledger {
  readonly last: ReadonlyMap<string, number>;
  readonly known: ReadonlyMap<string, ReadonlyMap<number, string>>;
  readonly waiting: ReadonlyMap<string, readonly Waiting[]>;
}

async function readLedger(
  client: PoolClient,
  source: string,
  arrivals: ReadonlyMap<string, readonly StreamMessage[]>,
): Promise<Ledger> {
  const streamIds = [...arrivals.keys()];
  const waiting = await waitingIn(client, source, streamIds);
  const last = await lastVersions(client, source, streamIds);
  const places = streamIds.flatMap((streamId) =>
    [...(arrivals.get(streamId) ?? []), ...(waiting.get(streamId) ?? [])].flatMap(({ version }): Place[] =>
      version === undefined || version > (last.get(streamId) ?? 0) ? [] : [{ streamId, version }],
    ),
  );
  return { waiting, last, known: await knownEvents(client, source, places) };
}

type Settlements = readonly (Settlement<StreamMessage> & { readonly streamId: string })[];

/** The facts to insert, those that waited read from where they were parked. */
async function factsOf(
  client: PoolClient,
  source: string,
  origins: readonly Origin<StreamMessage>[],
  contracts: ReceivedContracts,
): Promise<SoundFact[]> {
  const ids = origins.flatMap((origin) => ('parkedId' in origin ? origin.parkedId : []));
  const parked = await parkedMessages(client, ids);
  return origins.map((origin) => {
    if ('arrived' in origin) return soundOnly(origin.arrived.judged);
    const message = parked.get(origin.parkedId);
    if (!message) throw new Error(`Parked message ${origin.parkedId} is gone`);
    return soundOnly(judgeMessage(message, source, contracts));
  });
}

function soundOnly(judged: { readonly kind: string } | SoundFact): SoundFact {
  if ('envelope' in judged) return judged;
  throw new Error(`A message that was sound when it was parked is not now: ${JSON.stringify(judged)}`);
}

function settleAll(ledger: Ledger, arrivals: ReadonlyMap<string, readonly StreamMessage[]>): Settlements {
  return [...arrivals].map(([streamId, items]) => {
    const state = {
      last: ledger.last.get(streamId) ?? 0,
      known: ledger.known.get(streamId) ?? new Map<number, string>(),
      waiting: ledger.waiting.get(streamId) ?? [],
    };
    return { streamId, ...settleStream(state, items) };
  });
}

/** As the partition has them, as far as each stream's own order allows: readers then meet facts much as they happened. */
function inArrivalOrder(settlements: Settlements): Origin<StreamMessage>[] {
  const ranked = settlements.flatMap(({ insert }) => {
    let rank = -1;
    return insert.map((origin) => {
      if ('arrived' in origin) rank = Math.max(rank, origin.arrived.message.offset);
      return { origin, rank };
    });
  });
  return ranked.sort((a, b) => a.rank - b.rank).map(({ origin }) => origin);
}

function changes(ledger: Ledger, settlements: Settlements): Pick<Settled, 'healed' | 'stalled' | 'forked'> {
  const before = (streamId: string): number => ledger.waiting.get(streamId)?.length ?? 0;
  const healed = settlements.filter(
    ({ streamId, released, park: more }) =>
      before(streamId) > 0 && released.length === before(streamId) && more.length === 0,
  );
  const stalled = settlements.filter(({ streamId, park: more }) => before(streamId) === 0 && more.length > 0);
  const forked = settlements.filter((s) => s.forked.length > 0 || s.park.some(({ reason }) => reason === 'forked'));
  const ids = (chosen: Settlements): string[] => chosen.map(({ streamId }) => streamId);
  return { healed: ids(healed), stalled: ids(stalled), forked: ids(forked) };
}

/**
 * Settles arrivals of a source's streams, and what waits in those streams, in the caller's transaction: inserts what is
 * next, parks what is not. `place` is where the arrivals come from.
 */
export async function settleStreams(
  client: PoolClient,
  { source, contracts }: { readonly source: string; readonly contracts: ReceivedContracts },
  place: BusPlace,
  arrivals: ReadonlyMap<string, readonly StreamMessage[]>,
): Promise<Settled> {
  if (arrivals.size === 0) return NOTHING_SETTLED;
  const ledger = await readLedger(client, source, arrivals);
  const settlements = settleAll(ledger, arrivals);
  const origins = inArrivalOrder(settlements);
  const inserted = await factsOf(client, source, origins, contracts);
  await insertReceived(client, source, inserted);
  const parked = settlements.flatMap(({ park: items }) =>
    items.map(({ item: { message, streamId, version, eventId }, reason, detail }) => ({
      message,
      streamId,
      reason,
      detail,
      ...(version !== undefined && { version }),
      ...(eventId !== undefined && { eventId }),
    })),
  );
  await park(client, source, place, parked);
  await markReleased(
    client,
    settlements.flatMap(({ released }) => released),
  );
  const forks = settlements.flatMap(({ forked }) => forked);
  const detail = 'another event is stored under its version';
  await giveReasons(
    client,
    forks.map((id) => ({ id, reason: 'forked', detail })),
  );
  const skipped = settlements.reduce((sum, settlement) => sum + settlement.skipped, 0);
  return { inserted, skipped, parked, ...changes(ledger, settlements) };
}
