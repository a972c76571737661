import { createHash } from 'node:crypto';
import { ContractBreach, toMessage, topicOf, toWatermarkMessage } from '@tongchou/contracts';
import { openStore, silentLog } from '@tongchou/event-store';
import type { IncomingMessage, PartitionBatch } from './bus.ts';
import { createReceiver } from './receiver.ts';
import type { ReceiverOptions } from './receiver.ts';
import type { ReceivedContracts } from './judge-message.ts';
import { GENERATION_HEADER } from './relay-messages.ts';

export const SOURCE = 'mill';
export const TOPIC = topicOf(SOURCE);
export const GENERATION = '0190a000-0000-7000-8000-000000000001';

/** A UUID that is always the same for a name. */
export function uuidFor(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** `Ground { sacks: number }` at version 1 is all that this service knows of mills, until it is told more. */
export function millContracts(): ReceivedContracts & { known: number } {
  return {
    known: 1,
    check(_source, type, schemaVersion, data) {
      if (type !== 'Ground') return 'unknown';
      if (schemaVersion > this.known)
        throw new ContractBreach('UNKNOWN_VERSION', `Ground v${schemaVersion} is not known`);
      if ('sacks' in data && typeof data.sacks === 'number') return 'known';
      throw new ContractBreach('DATA_BREACH', 'Ground: sacks: not a number');
    },
  };
}

export interface FactShape {
  readonly source?: string;
  readonly eventId?: string;
  readonly type?: string;
  readonly schemaVersion?: number;
  /** `undefined` for a private event. */
  readonly data?: object | undefined;
  readonly generation?: string;
  readonly headers?: Record<string, string>;
}

type Unplaced = Omit<IncomingMessage, 'offset'>;

/** The message of a fact of stream `name`, as a mill's relay sends it. */
export function factMessageOf(name: string, version: number, shape: FactShape = {}): Unplaced {
  const { source = SOURCE, type = 'Ground', schemaVersion = 1, eventId = uuidFor(`${name} ${version}`) } = shape;
  const data = 'data' in shape ? shape.data : { sacks: version };
  const fact = {
    source,
    streamId: uuidFor(name),
    streamType: 'Mill',
    version,
    eventId,
    recordedAt: `2026-01-01T00:00:00.${String(version).padStart(6, '0')}Z`,
    metadata: { correlationId: 'c', causationId: 'd', commandId: 'd', actor: { subject: 'miller' } },
    event: { type },
  };
  const { key, headers, value } = toMessage(fact, data && { type, schemaVersion, data });
  return {
    key: key === null ? null : Buffer.from(key),
    headers: { ...headers, [GENERATION_HEADER]: shape.generation ?? GENERATION, ...shape.headers },
    value,
  };
}

export function watermarkOf(closedInstant: string): Unplaced {
  const message = toWatermarkMessage(SOURCE, uuidFor(closedInstant), { closedInstant, generation: GENERATION });
  return { ...message, key: null, headers: { ...message.headers, [GENERATION_HEADER]: GENERATION } };
}

export interface Handed extends PartitionBatch {
  readonly asked: { seek?: number; retryMs?: number };
}

/** A batch of a partition that begins at `from`, and what its handler asks for. */
export function batchOf(messages: readonly Unplaced[], options: Partial<PartitionBatch> = {}): Handed {
  const from = options.from ?? 0;
  const asked: Handed['asked'] = {};
  return {
    topic: TOPIC,
    partition: 0,
    messages: messages.map((message, index) => ({ ...message, offset: from + index })),
    to: from + messages.length,
    since: 0,
    highWatermark: from + messages.length,
    heartbeat: async () => {},
    isStale: () => false,
    seek: (offset) => (asked.seek = offset),
    retryLater: (pauseMs) => (asked.retryMs = pauseMs),
    ...options,
    from,
    asked,
  };
}

/** An empty database of the spec's own. */
export interface SpecDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** A listening service. */
export async function openListener(database: SpecDatabase, options: Partial<ReceiverOptions> = {}) {
  const store = await openStore({ url: database.url, service: 'bakery' });
  const contracts = millContracts();
  const another = (more: Partial<ReceiverOptions> = {}) =>
    createReceiver({ store, contracts, listensTo: [SOURCE], log: silentLog, ...options, ...more });
  return {
    url: database.url,
    store,
    contracts,
    another,
    receiver: another(),
    /** What is stored, as `stream/version`, in the order in which readers see it. */
    async received(): Promise<string[]> {
      const { rows } = await store.pool.query<{ stream_id: string; version: string }>(
        'select stream_id, version from es.received order by position',
      );
      return rows.map(({ stream_id, version }) => `${stream_id}/${version}`);
    },
    async offsets(): Promise<Record<string, number>> {
      const { rows } = await store.pool.query<{ place: string; next_offset: string }>(
        `select generation || ' ' || partition as place, next_offset from es.offsets order by 1`,
      );
      return Object.fromEntries(rows.map(({ place, next_offset }) => [place, Number(next_offset)]));
    },
    async close(): Promise<void> {
      await store.close();
      await database.drop();
    },
  };
}

export const named = (name: string, ...versions: number[]): string[] =>
  versions.map((version) => `${uuidFor(name)}/${version}`);
