import { setTimeout as pause } from 'node:timers/promises';
import type { Fact, ReadModel } from '@tongchou/kernel';
import { decodeFacts, type Decode } from './decode-facts.ts';
import { currentSnapshot, FROM_THE_START, readDifference } from './difference.ts';
import { type AnyReadModel, foldFromScratch } from './fold.ts';
import { readRows, servingTable } from './model-table.ts';
import { openStore, type Store } from './store.ts';

export type Happened = { readonly type: 'Happened'; readonly project: string; readonly amount: number };

type TotalsRow = { project: string; events: number; amount: number; words: readonly string[]; lastOn: string | null };

/** A model whose rows combine streams of two services, with columns that are hard to carry. */
export const totals: ReadModel<TotalsRow, Fact<Happened>, 'project'> = {
  name: 'totals',
  version: 1,
  columns: { project: 'text', events: 'integer', amount: 'bigint', words: 'text[]', lastOn: 'timestamptz?' },
  primaryKey: ['project'],
  indexes: [['amount']],
  key: ({ event }) => ({ project: event.project }),
  fold: (row, { event, recordedAt, source }) => ({
    project: event.project,
    events: (row?.events ?? 0) + 1,
    amount: (row?.amount ?? 0) + event.amount,
    words: [...new Set([...(row?.words ?? []), `a "${source}" {,\\}`])].toSorted(),
    lastOn: [row?.lastOn ?? '', recordedAt].toSorted().at(-1) ?? null,
  }),
};

export const decode: Decode = (_source, type, _version, data) => (type === 'Happened' ? { type, ...data } : undefined);

/** Timing under which a takeover takes moments. */
export const QUICK = { heartbeatMs: 200, idleSessionMs: 2_000, retryMs: 25 };

export const streamIdOf = async (store: Store, project: string): Promise<string> =>
  (await store.pool.query<{ id: string }>('select uuid_in(md5($1)::cstring) as id', [project])).rows[0]?.id ?? '';

export interface House {
  readonly store: Store;
  /** Appends events of one stream, own ones or, with a source, received ones. */
  happen(project: string, amounts: readonly number[], source?: string): Promise<void>;
  /** All stored facts, in the order of a reader that starts now. */
  allFacts(): Promise<Fact[]>;
  /** What is wrong with a model's table, compared with one fold from scratch; nothing = right. */
  differences(model: AnyReadModel): Promise<unknown[]>;
  close(): Promise<void>;
}

interface Database {
  readonly url: string;
  drop(): Promise<void>;
}

/** A service in a database of a spec's own, which is dropped with it. */
export async function openHouse(database: Database): Promise<House> {
  const service = 'projects';
  const store = await openStore({ url: database.url, service });
  const versions = new Map<string, number>();

  const allFacts = async (): Promise<Fact[]> => {
    const options = { service, tables: ['events', 'received'], pageSize: 1_000_000 } as const;
    const { facts } = await readDifference(store.pool, FROM_THE_START, await currentSnapshot(store.pool), options);
    return decodeFacts(facts, decode);
  };

  return {
    store,
    allFacts,
    async happen(project, amounts, source) {
      const stream = `${source ?? ''}/${project}`;
      const last = versions.get(stream) ?? 0;
      versions.set(stream, last + amounts.length);
      await store.pool.query(
        `insert into es.${source ? 'received (source, ' : 'events ('} recorded_at, stream_id, stream_type, version,
           event_id, event_type, schema_version, data, metadata)
         select ${source ? `'${source}', ` : ''} clock_timestamp(), uuid_in(md5($1)::cstring), 'Project', $2 + n,
           gen_random_uuid(), 'Happened', 1, jsonb_build_object('project', $1::text, 'amount', amount), '{}'
         from unnest($3::bigint[]) with ordinality as a (amount, n)`,
        [project, last, amounts],
      );
      store.wake.announce('facts');
    },
    async differences(model) {
      const wanted = foldFromScratch(model, await allFacts());
      const found = await readRows(store.pool, servingTable(model), [...wanted.values()]);
      const { rows } = await store.pool.query<{ count: number }>(`select count(*)::int as count from rm.${model.name}`);
      const wrong = [...wanted].filter(([key, row]) => JSON.stringify(found.get(key)) !== JSON.stringify(row));
      const surplus = Number(rows[0]?.count) - wanted.size;
      return surplus === 0 ? wrong.map(([key, row]) => [row, found.get(key)]) : [...wrong, `${surplus} rows too many`];
    },
    async close() {
      await store.close();
      await database.drop();
    },
  };
}

/** Waits, at most 15 s. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1_500; tries += 1) {
    if (await condition()) return;
    await pause(10);
  }
  throw new Error('it did not come to pass');
}
