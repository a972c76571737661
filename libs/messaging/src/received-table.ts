import { binaryArray } from '@tongchou/event-store';
import type { PoolClient } from 'pg';
import type { SoundFact } from './judge-message.ts';

/** The last stored version of each stream, 0 where there is none. */
export async function lastVersions(
  client: PoolClient,
  source: string,
  streamIds: readonly string[],
): Promise<Map<string, number>> {
  const { rows } = await client.query<{ stream_id: string; last: string }>({
    name: 'received-last',
    text: `select s.stream_id, coalesce((select r.version from es.received r
             where r.source = $1 and r.stream_id = s.stream_id order by r.version desc limit 1), 0) as last
             from unnest($2::uuid[]) as s (stream_id)`,
    values: [source, streamIds],
  });
  return new Map(rows.map((row) => [row.stream_id, Number(row.last)]));
}

export interface Place {
  readonly streamId: string;
  readonly version: number;
}

/** Ids of the stored events at these places, by stream and version. */
export async function knownEvents(
  client: PoolClient,
  source: string,
  places: readonly Place[],
): Promise<Map<string, Map<number, string>>> {
  const known = new Map<string, Map<number, string>>();
  if (places.length === 0) return known;
  const { rows } = await client.query<{ stream_id: string; version: string; event_id: string }>({
    name: 'received-known',
    text: `select r.stream_id, r.version, r.event_id from unnest($2::uuid[], $3::bigint[]) as p (stream_id, version)
             join es.received r on r.source = $1 and r.stream_id = p.stream_id and r.version = p.version`,
    values: [source, places.map(({ streamId }) => streamId), places.map(({ version }) => version)],
  });
  for (const { stream_id, version, event_id } of rows) {
    const stream = known.get(stream_id) ?? new Map<number, string>();
    known.set(stream_id, stream.set(Number(version), event_id));
  }
  return known;
}

/** Stores facts in this order; their positions rise with it. */
export async function insertReceived(client: PoolClient, source: string, facts: readonly SoundFact[]): Promise<void> {
  if (facts.length === 0) return;
  const { int2, int8, jsonb, text, uuid } = binaryArray;
  await client.query({
    name: 'received-insert',
    text: `insert into es.received (source, stream_id, stream_type, version, event_id, event_type, schema_version,
                                    recorded_at, metadata, data)
           select $1, f.stream_id, f.stream_type, f.version, f.event_id, f.event_type, f.schema_version,
                  f.recorded_at::timestamptz, f.metadata, f.data
             from unnest($2::uuid[], $3::text[], $4::bigint[], $5::uuid[], $6::text[], $7::smallint[],
                         $8::text[], $9::jsonb[], $10::jsonb[])
               with ordinality as f (stream_id, stream_type, version, event_id, event_type, schema_version,
                                     recorded_at, metadata, data, place)
            order by f.place`,
    values: [
      source,
      uuid(facts.map(({ envelope }) => envelope.streamId)),
      text(facts.map(({ envelope }) => envelope.streamType)),
      int8(facts.map(({ envelope }) => envelope.version)),
      uuid(facts.map(({ envelope }) => envelope.eventId)),
      text(facts.map(({ envelope }) => envelope.type)),
      int2(facts.map(({ envelope }) => envelope.schemaVersion)),
      text(facts.map(({ envelope }) => envelope.recordedAt)),
      jsonb(facts.map(({ envelope }) => JSON.stringify(envelope.metadata))),
      jsonb(facts.map(({ data }) => data)),
    ],
  });
}

/** Up to when a partition of a source is complete; never goes back. */
export async function moveWatermark(
  client: PoolClient,
  source: string,
  partition: number,
  instant: string,
): Promise<void> {
  await client.query({
    name: 'received-watermark',
    text: `insert into es.watermarks as w (source, partition, instant) values ($1, $2, $3)
           on conflict (source, partition) do update set instant = excluded.instant, xid = pg_current_xact_id()
            where w.instant < excluded.instant`,
    values: [source, partition, instant],
  });
}
