import type { PoolClient } from 'pg';
import type { IncomingMessage } from './bus.ts';
import type { FaultyMessage, ParkReason } from './judge-message.ts';
import type { Waiting } from './settle-stream.ts';

/** Where a message lies on the bus. */
export interface BusPlace {
  readonly topic: string;
  readonly generation: string;
  readonly partition: number;
}

/** A message about to be parked, as it came. */
export interface ToPark extends Pick<FaultyMessage, 'reason' | 'detail' | 'streamId' | 'version' | 'eventId'> {
  readonly message: IncomingMessage;
}

const NUL = '\u0000';

/** jsonb takes no NUL; a header that held one says so. */
const headersText = (headers: IncomingMessage['headers']): string =>
  JSON.stringify(headers).replaceAll('\\u0000', '\ufffd').replaceAll(NUL, '\ufffd');

export async function park(
  client: PoolClient,
  source: string,
  { topic, generation, partition }: BusPlace,
  items: readonly ToPark[],
): Promise<void> {
  if (items.length === 0) return;
  await client.query(
    `insert into es.parked (topic, generation, partition, source, "offset", stream_id, version, event_id, reason, detail,
                            key, headers, value)
     select $1, $2, $3, $4, p.place, p.stream_id, p.version, p.event_id, p.reason, p.detail, p.key, p.headers::jsonb, p.value
       from unnest($5::bigint[], $6::uuid[], $7::bigint[], $8::uuid[], $9::text[], $10::text[], $11::bytea[], $12::text[],
                   $13::bytea[])
         as p (place, stream_id, version, event_id, reason, detail, key, headers, value)
     on conflict do nothing`,
    [
      topic,
      generation,
      partition,
      source,
      items.map(({ message }) => message.offset),
      items.map(({ streamId }) => streamId ?? null),
      items.map(({ version }) => version ?? null),
      items.map(({ eventId }) => eventId ?? null),
      items.map(({ reason }) => reason),
      items.map(({ detail }) => detail.replaceAll(NUL, '\ufffd').slice(0, 2_000)),
      items.map(({ message }) => message.key),
      items.map(({ message }) => headersText(message.headers)),
      items.map(({ message }) => message.value),
    ],
  );
}

interface WaitingRow {
  readonly id: string;
  readonly stream_id: string;
  readonly version: string | null;
  readonly event_id: string | null;
  readonly reason: ParkReason;
}

/** What waits in these streams, without its bytes, by stream. */
export async function waitingIn(
  client: PoolClient,
  source: string,
  streamIds: readonly string[],
): Promise<Map<string, Waiting[]>> {
  const { rows } = await client.query<WaitingRow>({
    name: 'parked-waiting',
    text: `select id, stream_id, version, event_id, reason from es.parked
            where source = $1 and stream_id = any($2::uuid[]) and released_at is null order by version, id`,
    values: [source, streamIds],
  });
  const waiting = new Map<string, Waiting[]>();
  for (const { id, stream_id, version, event_id, reason } of rows) {
    const place = { version: version === null ? undefined : Number(version), eventId: event_id ?? undefined };
    waiting.set(stream_id, [...(waiting.get(stream_id) ?? []), { id, reason, ...place }]);
  }
  return waiting;
}

interface ParkedRow {
  readonly id: string;
  readonly offset: string;
  readonly key: Buffer | null;
  readonly headers: Record<string, string>;
  readonly value: Buffer | null;
}

/** Parked messages as they came, by id. */
export async function parkedMessages(
  client: PoolClient,
  ids: readonly string[],
): Promise<Map<string, IncomingMessage>> {
  if (ids.length === 0) return new Map();
  const { rows } = await client.query<ParkedRow>(
    'select id, "offset", key, headers, value from es.parked where id = any($1::bigint[])',
    [ids],
  );
  return new Map(
    rows.map(({ id, offset, key, headers, value }) => [id, { offset: Number(offset), key, headers, value }]),
  );
}

export async function markReleased(client: PoolClient, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await client.query('update es.parked set released_at = clock_timestamp() where id = any($1::bigint[])', [ids]);
}

export interface Verdict {
  readonly id: string;
  readonly reason: ParkReason;
  readonly detail: string;
}

/** Writes why these wait now. */
export async function giveReasons(client: PoolClient, verdicts: readonly Verdict[]): Promise<void> {
  if (verdicts.length === 0) return;
  await client.query(
    `update es.parked p set reason = v.reason, detail = v.detail
       from unnest($1::bigint[], $2::text[], $3::text[]) as v (id, reason, detail) where p.id = v.id`,
    [
      verdicts.map(({ id }) => id),
      verdicts.map(({ reason }) => reason),
      verdicts.map(({ detail }) => detail.replaceAll(NUL, '\ufffd').slice(0, 2_000)),
    ],
  );
}

/** Gives a message the place that can be read now; it waits for its turn. */
export async function namePlace(
  client: PoolClient,
  id: string,
  { streamId, version, eventId }: { readonly streamId: string; readonly version: number; readonly eventId: string },
): Promise<void> {
  await client.query(
    `update es.parked set stream_id = $2, version = $3, event_id = $4, reason = 'gap', detail = 'waits for its turn'
      where id = $1`,
    [id, streamId, version, eventId],
  );
}
