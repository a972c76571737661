import { currentSnapshot, decodeFacts, foldFromScratch, FROM_THE_START, readDifference } from '@tongchou/event-store';
import type { Cursor, Store } from '@tongchou/event-store';
import type { Fact } from '@tongchou/kernel';
import type pg from 'pg';
import type { Rows } from './rebuild-checker.ts';
import { decodeOwn } from './rebuild-models.ts';

const PAGE = 5_000;

/** All facts that are committed now, in an order that is right within each stream. */
async function allFacts(store: Store): Promise<Fact[]> {
  const target = await currentSnapshot(store.pool);
  const facts: Fact[] = [];
  let from: Cursor = FROM_THE_START;
  do {
    const options = { service: store.service, tables: ['events'], pageSize: PAGE } as const;
    const page = await readDifference(store.pool, from, target, options);
    facts.push(...decodeFacts(page.facts, decodeOwn));
    from = page.to;
  } while (from.paging);
  return facts;
}

/** What a model's table must hold: one fold of everything, in memory. */
export async function freshRows(store: Store, model: Parameters<typeof foldFromScratch>[0]): Promise<Rows> {
  const rows = foldFromScratch(model, await allFacts(store)).values();
  return [...rows].map((row) => Object.fromEntries(Object.entries(row)));
}

export async function tableRows(witness: pg.Pool, table: string): Promise<Rows> {
  const { rows } = await witness.query<{ row: Rows[number] }>(`select to_jsonb(t) as row from ${table} t`);
  return rows.map(({ row }) => row);
}
