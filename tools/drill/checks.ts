import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { statusOf } from '../state/service-status.ts';
import type { DrillCity } from './drill-city.ts';
import { compareWithFold, MODELS } from './folded-rows.ts';
import { SERVICES, type ServiceName } from '../state/run-file.ts';
import type { Acknowledged } from './command-load.ts';

export type Databases = Readonly<Record<ServiceName | 'bus', string>>;

const SETTLED_WITHIN_MS = 90_000;
const POLL_MS = 250;

export async function query<Row extends object>(
  url: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text, [...values])).rows;
  } finally {
    await client.end();
  }
}

/** Commands whose acknowledgement came by `moment` and that the stores do not know. */
export async function missingCommands(
  databases: Databases,
  acknowledged: readonly Acknowledged[],
  moment: Date,
): Promise<string[]> {
  const missing: string[] = [];
  for (const service of SERVICES) {
    const wanted = acknowledged.filter(({ command, at }) => command.service === service && at <= moment);
    const keys = wanted.map(({ command }) => command.idempotencyKey);
    const found = await query<{ key: string }>(
      databases[service],
      'select key from unnest($1::text[]) as k (key) where not exists (select 1 from es.commands where command_id = key)',
      [keys],
    );
    missing.push(...found.map(({ key }) => `${service} lacks ${key}`));
  }
  return missing;
}

/** Every own event of each source is received where it is listened to, with the same id. */
async function unheard(databases: Databases, listener: ServiceName): Promise<string[]> {
  const sources = await query<{ source: ServiceName }>(databases[listener], 'select source from es.origins');
  const wrong: string[] = [];
  for (const { source } of sources) {
    const events = await query<{ id: string }>(databases[source], 'select event_id as id from es.events');
    const known = await query<{ id: string }>(
      databases[listener],
      'select event_id as id from es.received where source = $1',
      [source],
    );
    const ids = new Set(known.map(({ id }) => id));
    const lacking = events.filter(({ id }) => !ids.has(id)).length;
    if (lacking > 0) wrong.push(`${listener} lacks ${lacking} facts of ${source}`);
  }
  return wrong;
}

/** Read models that wait for facts or differ from a fold, and facts under way, until nothing is left or the time is over. */
export async function unsettled(databases: Databases): Promise<{ rows: number; wrong: readonly string[] }> {
  for (const end = Date.now() + SETTLED_WITHIN_MS; ; await pause(POLL_MS)) {
    const folds = await Promise.all(SERVICES.map((service) => compareWithFold(databases[service], service)));
    const heard = await Promise.all(SERVICES.map((listener) => unheard(databases, listener)));
    const wrong = [...folds.flatMap(({ differences }) => differences), ...heard.flat()];
    const rows = folds.reduce((sum, fold) => sum + fold.rows, 0);
    if (wrong.length === 0 || Date.now() > end) return { rows, wrong };
  }
}

/** What a service says of itself, once it says that its store was restored. */
export async function saysRestored(city: DrillCity, service: ServiceName): Promise<string[]> {
  for (const end = Date.now() + SETTLED_WITHIN_MS; Date.now() < end; await pause(POLL_MS)) {
    const { unready } = await statusOf({ ...city.operators, service });
    if (unready.some((reason) => reason.includes('restored'))) return unready;
  }
  throw new Error(`${service} did not notice that its store was restored`);
}

export async function rebuildAll(city: DrillCity, services: readonly ServiceName[]): Promise<number> {
  const models = services.flatMap((service) => MODELS[service].map(({ name }) => ({ service, name })));
  for (const { service, name } of models) await city.command('rebuild', service, name);
  return models.length;
}

/** Facts of `source` that wait at the listener because their streams have forked, or stand behind one that has. */
export async function forks(database: string, source: ServiceName): Promise<{ forked: number; behind: number }> {
  const [row] = await query<{ forked: number; behind: number }>(
    database,
    `select count(*) filter (where reason = 'forked')::int as forked, count(*) filter (where reason <> 'forked')::int as behind
       from es.parked where source = $1 and released_at is null`,
    [source],
  );
  return row ?? { forked: 0, behind: 0 };
}
