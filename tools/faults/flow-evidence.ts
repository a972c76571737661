import pg from 'pg';
import type { FlowEvidence, PlacedFact, StreamEffect, Waiting } from './flow-checker.ts';
import type { FlowSettings } from './flow-settings.ts';

/** Of a database that is restarted and whose backends are killed meanwhile. */
export function openWitness(url: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: 2,
    application_name: 'witness',
    connectionTimeoutMillis: 5_000,
    statement_timeout: 60_000,
  });
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

interface FactRow extends Omit<PlacedFact, 'version'> {
  readonly version: string;
  readonly amount: string | null;
}

const placed = ({ version, amount: _, ...row }: FactRow): PlacedFact => ({ ...row, version: Number(version) });

export async function committedFacts(source: pg.Pool): Promise<FlowEvidence['source']> {
  const { rows } = await source.query<FactRow>(
    `select stream_id as stream, version, event_id as "eventId",
            case event_type when 'Kept' then '' else md5(data::text) end as content,
            case event_type when 'Kept' then null else data ->> 'amount' end as amount
       from es.events order by position`,
  );
  return rows.map((row) => ({ ...placed(row), amount: row.amount === null ? null : Number(row.amount) }));
}

async function storedFacts(target: pg.Pool, source: string): Promise<PlacedFact[]> {
  const { rows } = await target.query<FactRow>(
    `select stream_id as stream, version, event_id as "eventId",
            case when data is null then '' else md5(data::text) end as content
       from es.received where source = $1 order by position`,
    [source],
  );
  return rows.map(placed);
}

async function tallies(target: pg.Pool): Promise<StreamEffect[]> {
  const { rows } = await target.query<StreamEffect>(
    'select stream, facts, amount::int as amount, inverted from rm.tally',
  );
  return rows;
}

async function parked(target: pg.Pool): Promise<(Waiting & { released: boolean })[]> {
  const { rows } = await target.query<Waiting & { released: boolean }>(
    `select stream_id as stream, version::int as version, event_id as "eventId", reason, released_at is not null as released
       from es.parked`,
  );
  return rows;
}

/** What both stores of a flow show, when all has come to rest. */
export async function evidenceOf(
  { source, target }: { readonly source: pg.Pool; readonly target: pg.Pool },
  settings: Pick<FlowSettings, 'source'>,
  forged: readonly string[],
): Promise<FlowEvidence & { readonly everParked: number }> {
  const all = await parked(target);
  return {
    source: await committedFacts(source),
    received: await storedFacts(target, settings.source),
    effects: await tallies(target),
    waiting: all.filter(({ released }) => !released),
    forged,
    parkedForgeries: all.flatMap(({ eventId, reason }) => (reason === 'forked' && eventId !== null ? eventId : [])),
    everParked: all.length,
  };
}
