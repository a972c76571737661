import { createAppender, createCodec, newEventId, openStore, silentLog } from '@tongchou/event-store';
import type { Store } from '@tongchou/event-store';
import type { Bus } from './bus.ts';
import { openPostgresBus } from './postgres-bus.ts';
import { createReceiver } from './receiver.ts';
import { millContracts, SOURCE, TOPIC, uuidFor } from './receiving.fixture.ts';
import type { SpecDatabase } from './receiving.fixture.ts';
import { startRelay } from './relay.ts';
import type { Relay, RelayOptions } from './relay.ts';

const codec = createCodec({});

/** A service that publishes: everything but `Kept` is public. */
export async function openMill(database: SpecDatabase, service: string = SOURCE) {
  const open = (): Promise<Store> => openStore({ url: database.url, service });
  const store = await open();
  const appender = createAppender(store);
  const versions = new Map<string, number>();
  return {
    url: database.url,
    store,
    open,
    /** Appends to the stream of this name; `private` ones have no contract. */
    async grind(name: string, ...events: ('public' | 'private')[]): Promise<void> {
      const expectedVersion = versions.get(name) ?? 0;
      versions.set(name, expectedVersion + events.length);
      const answer = await appender.append({
        streamId: uuidFor(name),
        streamType: 'Mill',
        expectedVersion,
        commands: [
          {
            scope: 'spec',
            commandId: newEventId(),
            fingerprint: Buffer.alloc(32),
            kept: true,
            events: events.map((kind, index) => ({
              eventId: newEventId(),
              type: kind === 'public' ? 'Ground' : 'Kept',
              schemaVersion: 1,
              data: JSON.stringify({ sacks: expectedVersion + index + 1 }),
              metadata: JSON.stringify({
                correlationId: 'c',
                causationId: 'd',
                commandId: 'd',
                actor: { subject: 'miller' },
              }),
            })),
          },
        ],
      });
      if (!answer.appended) throw new Error(`${name} was not at ${expectedVersion}`);
    },
    /** `stream/version` of every own event, sorted. */
    async ground(): Promise<string[]> {
      const { rows } = await store.pool.query<{ place: string }>(
        `select stream_id || '/' || version as place from es.events order by stream_id, version`,
      );
      return rows.map(({ place }) => place);
    },
    async close(): Promise<void> {
      await store.close();
      await database.drop();
    },
  };
}

export const relayOf = (store: Store, bus: Bus, options: Partial<RelayOptions> = {}): Relay =>
  startRelay({
    store,
    bus,
    log: silentLog,
    decode: codec.decode,
    publish: ({ event: { type, ...data } }) => (type === 'Kept' ? undefined : { type, schemaVersion: 1, data }),
    timing: { retryMs: 50, heartbeatMs: 200, idleSessionMs: 2_000 },
    watermarkEveryMs: 200,
    ...options,
  });

export interface Member {
  readonly bus: Bus;
  close(): Promise<void>;
}

/** One instance of the listening service on the bus. */
export async function joinBakery(store: Store, busUrl: string, sessionMs: number = 2_000): Promise<Member> {
  const bus = await openPostgresBus({ url: busUrl, log: silentLog, timing: { heartbeatMs: 100, sessionMs } });
  const receiver = createReceiver({ store, contracts: millContracts(), listensTo: [SOURCE], log: silentLog });
  await bus.subscribe({
    group: 'bakery',
    topics: [TOPIC],
    from: 'earliest',
    onBatch: receiver.receive,
    startAt: receiver.startAt,
  });
  return { bus, close: () => bus.close() };
}
