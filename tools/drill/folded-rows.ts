import { decodePublic, upcastersOf } from '@tongchou/contracts';
import {
  createCodec,
  currentSnapshot,
  decodeFacts,
  foldFromScratch,
  FROM_THE_START,
  readDifference,
  readRows,
  servingTable,
} from '@tongchou/event-store';
import type { Cursor, Decode } from '@tongchou/event-store';
import type { Fact } from '@tongchou/kernel';
import pg from 'pg';
import { costHistory } from '../../services/costs/src/read-models/cost-history.ts';
import { costSheets } from '../../services/costs/src/read-models/cost-sheets.ts';
import { projectPlaces } from '../../services/costs/src/read-models/project-place.ts';
import { delayLedger } from '../../services/projects/src/read-models/delay-ledger.ts';
import { projectHistory } from '../../services/projects/src/read-models/project-history.ts';
import { works } from '../../services/projects/src/read-models/works.ts';
import type { ServiceName } from '../state/run-file.ts';

type Model = Parameters<typeof foldFromScratch>[0];

/** The read models of each service. */
export const MODELS: Readonly<Record<ServiceName, readonly Model[]>> = {
  projects: [works, delayLedger, projectHistory],
  costs: [costSheets, costHistory, projectPlaces],
};

const PAGE = 5_000;

function decoderOf(service: ServiceName): Decode {
  const codec = createCodec(upcastersOf(service));
  return (source, type, version, data) =>
    source === service ? codec.decode(type, version, data) : decodePublic(source, type, version, data);
}

async function allFacts(pool: pg.Pool, service: ServiceName): Promise<Fact[]> {
  const target = await currentSnapshot(pool);
  const facts: Fact[] = [];
  let from: Cursor = FROM_THE_START;
  do {
    const options = { service, tables: ['events', 'received'], pageSize: PAGE } as const;
    const page = await readDifference(pool, from, target, options);
    facts.push(...decodeFacts(page.facts, decoderOf(service)));
    from = page.to;
  } while (from.paging);
  return facts;
}

const textOf = (row: object | undefined): string =>
  JSON.stringify(
    Object.entries(row ?? {})
      .filter(([, value]) => value !== undefined && value !== null)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
  );

async function differences(pool: pg.Pool, model: Model, facts: readonly Fact[]): Promise<string[]> {
  const wanted = foldFromScratch(model, facts);
  const table = servingTable(model);
  const found = await readRows(pool, table, [...wanted.values()]);
  const { rows } = await pool.query<{ count: number }>(`select count(*)::int as count from rm.${model.name}`);
  const wrong = [...wanted].filter(([key, row]) => textOf(row) !== textOf(found.get(key)));
  return [
    ...(rows[0]?.count === wanted.size ? [] : [`${model.name} has ${rows[0]?.count} rows, a fold ${wanted.size}`]),
    ...wrong.slice(0, 3).map(([key, row]) => `${model.name} ${key}: ${textOf(found.get(key))}, a fold ${textOf(row)}`),
  ];
}

/** How many rows the service's read models have, and where they differ from one fold of everything in its store. */
export async function compareWithFold(
  url: string,
  service: ServiceName,
): Promise<{ readonly rows: number; readonly differences: readonly string[] }> {
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  try {
    const facts = await allFacts(pool, service);
    const found = await Promise.all(MODELS[service].map((model) => differences(pool, model, facts)));
    const rows = MODELS[service].reduce((sum, model) => sum + foldFromScratch(model, facts).size, 0);
    return { rows, differences: found.flat() };
  } finally {
    await pool.end();
  }
}
