import type { FactsDatabase } from '@tongchou/event-store';
import type { PoolClient } from 'pg';
import { judgeMessage, publishedContracts } from './judge-message.ts';
import type { ReceivedContracts } from './judge-message.ts';
import { waitingWith } from './parked.ts';
import type { ParkedMessage, StreamName } from './parked.ts';
import { giveReasons, markReleased, namePlace, parkedMessages } from './parked-table.ts';
import { settleStreams } from './settle-streams.ts';
import { inTransaction } from '@tongchou/event-store';

export interface Released {
  /** Messages that wait no longer. */
  readonly released: number;
  /** What still waits in the streams that were asked for, with today's reason. */
  readonly stillParked: readonly ParkedMessage[];
}

type Db = Pick<FactsDatabase, 'pool' | 'wake'>;

const JUDGED_AT_ONCE = 50;

const isFaulty = ({ reason }: ParkedMessage): boolean => reason !== 'gap' && reason !== 'behind';

/** Receiving of these partitions waits until the release is done. */
async function lockPartitions(client: PoolClient, parked: readonly ParkedMessage[]): Promise<void> {
  await client.query(
    `select from es.offsets o where exists (select from unnest($1::text[], $2::integer[]) as p (topic, partition)
        where p.topic = o.topic and p.partition = o.partition)
      order by generation, topic, partition for update`,
    [parked.map(({ topic }) => topic), parked.map(({ partition }) => partition)],
  );
}

/** Judges messages by today's contracts: sound ones wait for their turn from now on. Answers the streams they belong to. */
async function judgeAgain(
  client: PoolClient,
  parked: readonly ParkedMessage[],
  contracts: ReceivedContracts,
): Promise<string[]> {
  const streams: string[] = [];
  for (let at = 0; at < parked.length; at += JUDGED_AT_ONCE) {
    const some = parked.slice(at, at + JUDGED_AT_ONCE);
    const messages = await parkedMessages(
      client,
      some.map(({ id }) => id),
    );
    for (const { id, source } of some) {
      const message = messages.get(id);
      if (!message) continue;
      const judged = judgeMessage(message, source, contracts);
      if (judged.kind === 'watermark') await markReleased(client, [id]);
      if (judged.kind === 'fault') await giveReasons(client, [{ id, reason: judged.reason, detail: judged.detail }]);
      if (judged.kind !== 'fact') continue;
      await namePlace(client, id, judged.envelope);
      streams.push(judged.envelope.streamId);
    }
  }
  return streams;
}

/** Replays messages of one source, and whatever follows them in their streams. */
async function replay(
  client: PoolClient,
  parked: readonly [ParkedMessage, ...ParkedMessage[]],
  contracts: ReceivedContracts,
): Promise<void> {
  const [{ source, topic, generation, partition }] = parked;
  await lockPartitions(client, parked);
  const found = await judgeAgain(client, parked.filter(isFaulty), contracts);
  const streams = new Set([...parked.flatMap(({ streamId }) => streamId ?? []), ...found]);
  const nothingNew = new Map([...streams].map((streamId) => [streamId, []]));
  await settleStreams(client, { source, contracts }, { topic, generation, partition }, nothingNew);
}

/** Everything of one stream together, what has no stream alone. */
const together = (parked: readonly ParkedMessage[]): Map<string, ParkedMessage[]> =>
  Map.groupBy(parked, ({ source, streamId, id }) => (streamId === null ? `alone ${id}` : `${source} ${streamId}`));

async function replayAll(store: Db, parked: readonly ParkedMessage[], contracts: ReceivedContracts): Promise<void> {
  for (const [first, ...rest] of together(parked).values()) {
    if (first) await inTransaction(store.pool, (client) => replay(client, [first, ...rest], contracts));
  }
  store.wake.announce('facts');
}

/**
 * Replays parked messages in order by stream, each stream in a transaction of its own: by ids (the whole stream of each), or
 * a stream. What still breaks its contract stays parked with today's reason, and what follows it stays behind it.
 *
 * @throws RangeError for an id that is none.
 */
export async function releaseParked(
  store: Db,
  which: readonly string[] | StreamName,
  contracts: ReceivedContracts = publishedContracts,
): Promise<Released> {
  const ids = 'streamId' in which ? [] : which;
  const before = await waitingWith(store.pool, ids, 'streamId' in which ? which : undefined);
  await replayAll(store, before, contracts);
  const stillParked = await waitingWith(
    store.pool,
    before.map(({ id }) => id),
  );
  const still = new Set(stillParked.map(({ id }) => id));
  return { released: before.filter(({ id }) => !still.has(id)).length, stillParked };
}

/**
 * Gives up parked messages for good (a forgery, a fork that was looked into), then replays what waited for them. They stay
 * in `es.parked` with the reason why. Answers how many were given up.
 */
export async function discardParked(
  store: Db,
  ids: readonly string[],
  why: string,
  contracts: ReceivedContracts = publishedContracts,
): Promise<number> {
  const waiting = await waitingWith(store.pool, ids);
  const { rowCount } = await store.pool.query(
    `update es.parked set released_at = clock_timestamp(), detail = detail || '; given up: ' || $2
      where id = any($1::bigint[]) and released_at is null`,
    [ids, why],
  );
  const given = new Set(ids);
  await replayAll(
    store,
    waiting.filter(({ id }) => !given.has(id)),
    contracts,
  );
  return rowCount ?? 0;
}
