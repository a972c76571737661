import type { FactsDatabase } from '@tongchou/event-store';
import type { PoolClient } from 'pg';
import { judgeMessage, publishedContracts } from './judge-message.ts';
import type { ReceivedContracts } from './judge-message.ts';
import { bundlesOf, waitingOf } from './parked.ts';
import type { Bundle, ParkedMessage, StreamName } from './parked.ts';
import { giveReasons, markReleased, namePlace, parkedMessages } from './parked-table.ts';
import { settleStreams } from './settle-streams.ts';
import { inTransaction } from '@tongchou/event-store';

export interface Released {
  /** Messages that wait no longer. */
  readonly released: number;
  /** What still waits in the streams that were asked for, with today's reason; at most 1,000 of it. */
  readonly stillParked: readonly ParkedMessage[];
}

type Db = Pick<FactsDatabase, 'pool' | 'wake'>;

const JUDGED_AT_ONCE = 50;
const MOST_SHOWN = 1_000;

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

/** Replays what waits in a bundle, and whatever follows it in its streams. */
async function replay(
  client: PoolClient,
  parked: readonly [ParkedMessage, ...ParkedMessage[]],
  contracts: ReceivedContracts,
): Promise<void> {
  const [{ source, topic, generation, partition }] = parked;
  const found = await judgeAgain(client, parked.filter(isFaulty), contracts);
  const streams = new Set([...parked.flatMap(({ streamId }) => streamId ?? []), ...found]);
  const nothingNew = new Map([...streams].map((streamId) => [streamId, []]));
  await settleStreams(client, { source, contracts }, { topic, generation, partition }, nothingNew);
}

/** Replays a bundle but for what is given up of it, in a transaction of its own. Answers what had waited. */
async function replayBundle(
  store: Db,
  bundle: Bundle,
  contracts: ReceivedContracts,
  givenUp?: GivenUp,
): Promise<readonly ParkedMessage[]> {
  return inTransaction(store.pool, async (client) => {
    await lockPartitions(client, await waitingOf(client, bundle));
    // Read again: what came until the partitions were locked waits here too.
    const waited = await waitingOf(client, bundle);
    const { given = [], left = [] } = Object.groupBy(waited, ({ id }) => (givenUp?.ids.has(id) ? 'given' : 'left'));
    if (givenUp) await giveUp(client, given, givenUp.why);
    const [first, ...rest] = left;
    if (first) await replay(client, [first, ...rest], contracts);
    return waited;
  });
}

interface GivenUp {
  readonly ids: ReadonlySet<string>;
  readonly why: string;
}

async function giveUp(client: PoolClient, parked: readonly ParkedMessage[], why: string): Promise<void> {
  await client.query(
    `update es.parked set released_at = clock_timestamp(), detail = detail || '; given up: ' || $2
      where id = any($1::bigint[])`,
    [parked.map(({ id }) => id), why],
  );
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
  const [ids, stream] = 'streamId' in which ? [[], which] : [which, undefined];
  const stillParked: ParkedMessage[] = [];
  let released = 0;
  for (const bundle of await bundlesOf(store.pool, ids, stream)) {
    const waited = new Set((await replayBundle(store, bundle, contracts)).map(({ id }) => id));
    const still = await waitingOf(store.pool, bundle);
    released += waited.size - still.filter(({ id }) => waited.has(id)).length;
    stillParked.push(...still.slice(0, MOST_SHOWN - stillParked.length));
  }
  store.wake.announce('facts');
  return { released, stillParked };
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
  const named = new Set(ids);
  let given = 0;
  for (const bundle of await bundlesOf(store.pool, ids)) {
    const waited = await replayBundle(store, bundle, contracts, { ids: named, why });
    given += waited.filter(({ id }) => named.has(id)).length;
  }
  store.wake.announce('facts');
  return given;
}
