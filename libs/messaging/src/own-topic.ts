import { StoreRestored } from '@tongchou/event-store';
import type { FactsDatabase } from '@tongchou/event-store';
import { isUuid } from '@tongchou/kernel';
import type { Pool } from 'pg';
import type { Bus, IncomingMessage } from './bus.ts';
import { ORIGIN_HEADER } from './relay-messages.ts';

/** The topic holds facts of another store under the same name. Never retried by itself: nothing may be mixed. */
export class ForeignTopic extends Error {
  override readonly name = 'ForeignTopic';
}

/** Names the facts of a store, in every copy of it. */
export async function originOf(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ id: string }>('select id from es.origin');
  if (rows[0]) return rows[0].id;
  throw new Error('es.origin is empty: put its one row back from a backup');
}

interface Place {
  readonly streamId: string;
  readonly version: string;
  readonly eventId: string;
}

function placeOf({ headers }: IncomingMessage): Place[] {
  const { ce_subject: streamId = '', ce_sequence: version = '', ce_id: eventId = '' } = headers;
  return isUuid(streamId) && isUuid(eventId) && /^\d{1,15}$/.test(version) ? [{ streamId, version, eventId }] : [];
}

async function lacksOneOf(pool: Pool, places: readonly Place[]): Promise<boolean> {
  const { rows } = await pool.query<{ lacks: boolean }>(
    `select exists (select 1 from unnest($1::uuid[], $2::bigint[], $3::uuid[]) as p (stream_id, version, event_id)
                      left join es.events e using (stream_id, version)
                     where e.event_id is distinct from p.event_id) as lacks`,
    [
      places.map(({ streamId }) => streamId),
      places.map(({ version }) => version),
      places.map(({ eventId }) => eventId),
    ],
  );
  return rows[0]?.lacks === true;
}

/**
 * Reads what the topic holds behind `from`, the ends that this store knows to be acknowledged: usually nothing, a
 * publication or two after a crash. What no relay of ours wrote is passed over.
 *
 * @throws StoreRestored when the store lacks a fact that was published from it.
 * @throws ForeignTopic when another store publishes, or has published, here.
 */
export async function inspectOwnTopic(
  { store, bus }: { readonly store: FactsDatabase; readonly bus: Bus },
  topic: string,
  from: readonly number[],
): Promise<void> {
  const origin = await originOf(store.pool);
  await bus.read(topic, from, async (messages) => {
    const named = messages.filter(({ headers }) => headers[ORIGIN_HEADER] !== undefined);
    const stranger = named.find(({ headers }) => headers[ORIGIN_HEADER] !== origin)?.headers[ORIGIN_HEADER];
    if (stranger !== undefined) {
      throw new ForeignTopic(
        `${topic} holds facts of another store of ${store.service} (origin ${stranger.slice(0, 40)}, this one is ${origin}): another ` +
          `city's bus, or a store that was emptied? Use a bus of this city's own, or delete the topic; to go on in it all ` +
          `the same: npm run bus:republish -- ${store.service}.`,
      );
    }
    const places = named.flatMap(placeOf);
    if (places.length > 0 && (await lacksOneOf(store.pool, places)))
      throw new StoreRestored('the relay', store.service);
  });
}
