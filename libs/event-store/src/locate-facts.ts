import { setImmediate as soon } from 'node:timers/promises';
import type { Cursor } from './difference.ts';
import type { FactsDatabase } from './facts-database.ts';
import { isVisible } from './snapshot.ts';
import type { TokenEntry } from './token.ts';

/** Where a stored fact lies. */
export interface Located {
  readonly xid: bigint;
  readonly position: bigint;
}

/** Whether what this cursor stands for includes the fact. */
export function isCovered({ base, paging }: Cursor, { xid, position }: Located): boolean {
  if (isVisible(base, xid)) return true;
  return paging !== undefined && isVisible(paging.target, xid) && position <= BigInt(paging.after);
}

/** Without a name: a plan that was made while a table was small would scan it when it has grown. */
async function locate(store: FactsDatabase, entries: readonly TokenEntry[]): Promise<(Located | undefined)[]> {
  const { rows } = await store.pool.query<{ xid: string | null; position: string | null }>(
    `select coalesce(e.xid, r.xid)::text as xid, coalesce(e.position, r.position)::text as position
      from unnest($1::text[], $2::uuid[], $3::bigint[]) with ordinality as k (source, stream_id, version, n)
      left join es.events e on k.source = $4 and e.stream_id = k.stream_id and e.version = k.version
      left join es.received r on k.source <> $4
        and r.source = k.source and r.stream_id = k.stream_id and r.version = k.version
      order by k.n`,
    [
      entries.map(({ service }) => service),
      entries.map(({ streamId }) => streamId),
      entries.map(({ version }) => version),
      store.service,
    ],
  );
  return rows.map(({ xid, position }) =>
    xid === null || position === null ? undefined : { xid: BigInt(xid), position: BigInt(position) },
  );
}

interface Asked {
  readonly entry: TokenEntry;
  found(located: Located | undefined): void;
  failed(error: unknown): void;
}

const MOST_AT_ONCE = 500;

/** Where facts lie; `undefined` for those that are not here yet. */
export type Locator = (entries: readonly TokenEntry[]) => Promise<(Located | undefined)[]>;

/** All that ask at the same time share one statement, one at a time: a thousand waiting reads cost what one costs. */
export function createLocator(store: FactsDatabase): Locator {
  const waiting: Asked[] = [];
  let runs = false;

  const answer = async (asked: readonly Asked[]): Promise<void> => {
    try {
      const located = await locate(
        store,
        asked.map(({ entry }) => entry),
      );
      asked.forEach(({ found }, index) => found(located[index]));
    } catch (error) {
      asked.forEach(({ failed }) => failed(error));
    }
  };

  const run = async (): Promise<void> => {
    runs = true;
    await soon();
    while (waiting.length > 0) await answer(waiting.splice(0, MOST_AT_ONCE));
    runs = false;
  };

  const ask = (entry: TokenEntry): Promise<Located | undefined> =>
    new Promise((found, failed) => {
      waiting.push({ entry, found, failed });
      if (!runs) void run();
    });

  return (entries) => Promise.all(entries.map(ask));
}
