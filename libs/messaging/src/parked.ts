import type { FactsDatabase } from '@tongchou/event-store';
import type { Pool, PoolClient } from 'pg';
import type { ParkReason } from './judge-message.ts';

/** A message that waits, without its bytes. */
export interface ParkedMessage {
  readonly id: string;
  readonly topic: string;
  readonly generation: string;
  readonly partition: number;
  readonly offset: number;
  readonly source: string;
  readonly streamId: string | null;
  readonly version: number | null;
  readonly eventId: string | null;
  readonly reason: ParkReason;
  readonly detail: string;
  /** RFC 3339, UTC. */
  readonly parkedAt: string;
}

export interface StreamName {
  readonly source: string;
  readonly streamId: string;
}

export interface ParkedFilter {
  readonly source?: string;
  readonly streamId?: string;
  readonly reason?: ParkReason;
  /** 100 when not given, 1,000 at most. */
  readonly limit?: number;
}

type Db = Pick<FactsDatabase, 'pool'>;
const MOST_AT_ONCE = 1_000;

interface ParkedRow extends Omit<ParkedMessage, 'offset' | 'version'> {
  readonly offset: string;
  readonly version: string | null;
}

const COLUMNS = /* sql */ `id, topic, generation, partition, "offset", source, stream_id as "streamId", version,
  event_id as "eventId", reason, detail,
  to_char(parked_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "parkedAt"`;

const parkedMessage = (row: ParkedRow): ParkedMessage => ({
  ...row,
  offset: Number(row.offset),
  version: row.version === null ? null : Number(row.version),
});

/** What waits, streams together, each in order. */
export async function listParked(store: Db, filter: ParkedFilter = {}): Promise<ParkedMessage[]> {
  const { rows } = await store.pool.query<ParkedRow>(
    `select ${COLUMNS} from es.parked
      where released_at is null and ($1::text is null or source = $1) and ($2::uuid is null or stream_id = $2)
        and ($3::text is null or reason = $3)
      order by source, stream_id nulls last, version, id limit $4`,
    [
      filter.source ?? null,
      filter.streamId ?? null,
      filter.reason ?? null,
      Math.min(filter.limit ?? 100, MOST_AT_ONCE),
    ],
  );
  return rows.map(parkedMessage);
}

/** One message whole, as it came; `undefined` when there is none under this id. Value and key as text, broken bytes replaced. */
export async function showParked(
  store: Db,
  id: string,
): Promise<
  (ParkedMessage & { key: string | null; headers: Record<string, string>; value: string | null }) | undefined
> {
  const { rows } = await store.pool.query<
    ParkedRow & { key: Buffer | null; headers: Record<string, string>; value: Buffer | null }
  >(`select ${COLUMNS}, key, headers, value from es.parked where id = $1`, [id]);
  const [row] = rows;
  if (!row) return undefined;
  return {
    ...parkedMessage(row),
    key: row.key?.toString() ?? null,
    value: row.value?.toString() ?? null,
    headers: row.headers,
  };
}

/** A stream in which something waits, or one message that has none. */
export type Bundle = StreamName | { readonly alone: string };

/** The streams of these messages, and those of them that have none. @throws RangeError for an id that is none. */
export async function bundlesOf(pool: Pool, ids: readonly string[], stream?: StreamName): Promise<Bundle[]> {
  const strange = ids.find((id) => !/^\d{1,18}$/.test(id));
  if (strange !== undefined) throw new RangeError(`Not the id of a parked message: ${strange}. List them to see ids.`);
  const { rows } = await pool.query<{ source: string; streamId: string | null; alone: string | null }>(
    `select source, stream_id as "streamId", case when stream_id is null then id end as alone
       from es.parked
      where released_at is null and (id = any($1::bigint[]) or (source = $2 and stream_id = $3::uuid))
      group by 1, 2, 3 order by 1, 2 nulls last, 3`,
    [ids, stream?.source ?? null, stream?.streamId ?? null],
  );
  return rows.map(({ source, streamId, alone }) => (streamId === null ? { alone: alone ?? '' } : { source, streamId }));
}

/** Everything that waits in it, in order. */
export async function waitingOf(db: Pool | PoolClient, bundle: Bundle): Promise<ParkedMessage[]> {
  const { rows } =
    'alone' in bundle
      ? await db.query<ParkedRow>(`select ${COLUMNS} from es.parked where id = $1 and released_at is null`, [
          bundle.alone,
        ])
      : await db.query<ParkedRow>(
          `select ${COLUMNS} from es.parked where source = $1 and stream_id = $2 and released_at is null
            order by version, id`,
          [bundle.source, bundle.streamId],
        );
  return rows.map(parkedMessage);
}
