import { parseEnvelope } from '@tongchou/contracts';
import type { IncomingMessage } from '@tongchou/messaging';
import type pg from 'pg';
import { type FlowEvidence, judgeFlow, type PlacedFact, type StreamEffect } from '../flow-checker.ts';
import { committedFacts } from '../flow-evidence.ts';
import { tally, type TallyRow } from '../flow-facts.ts';

const SCHEMA = /* sql */ `
create schema if not exists naive;
create table if not exists naive.received (
  n bigint generated always as identity primary key, stream uuid, version bigint, event_id uuid, data jsonb
);
create table if not exists naive.offsets (partition integer primary key, next_offset bigint not null);
create table if not exists naive.deaths (n integer primary key);
`;

/** A listener's store as many would write it: a row for each message, and nothing that keeps out what came before. */
export const makeNaiveStore = (target: pg.Pool): Promise<unknown> => target.query(SCHEMA);

/** Stores one message; a watermark is none of its business. */
export async function storeNaively(target: pg.Pool, { headers, value, key }: IncomingMessage): Promise<void> {
  const parsed = parseEnvelope(headers, value, key);
  if (parsed.kind !== 'fact') return;
  const { streamId, version, eventId, data } = parsed;
  await target.query('insert into naive.received (stream, version, event_id, data) values ($1, $2, $3, $4)', [
    streamId,
    version,
    eventId,
    data === undefined ? null : JSON.stringify(data),
  ]);
}

export const countNaive = (target: pg.Pool): Promise<number> =>
  target.query<{ n: string }>('select count(*) as n from naive.received').then(({ rows }) => Number(rows[0]?.n));

interface Stored extends PlacedFact {
  readonly amount: number | null;
}

async function stored(target: pg.Pool): Promise<Stored[]> {
  const { rows } = await target.query<Omit<Stored, 'version'> & { version: string }>(
    `select stream, version, event_id as "eventId", coalesce(md5(data::text), '') as content,
            (data ->> 'amount')::int as amount from naive.received order by n`,
  );
  return rows.map((row) => ({ ...row, version: Number(row.version) }));
}

/** The effects as the flow's own read model counts them. */
function effectsOf(facts: readonly Stored[], source: string): StreamEffect[] {
  const rows = new Map<string, TallyRow>();
  for (const { stream, version, eventId, amount } of facts) {
    if (amount === null) continue;
    const metadata = { correlationId: '', causationId: '', commandId: '', actor: { subject: '' } };
    const place = { source, streamId: stream, streamType: '', version, eventId, recordedAt: '', metadata };
    rows.set(stream, tally.fold(rows.get(stream), { ...place, event: { type: 'Measured', amount } }));
  }
  return [...rows.values()];
}

/** The checker of the promise, over what a naive listener has stored. */
export async function judgeNaive(source: pg.Pool, target: pg.Pool, service: string): Promise<string[]> {
  const facts = await stored(target);
  const evidence: FlowEvidence = {
    source: await committedFacts(source),
    received: facts,
    effects: effectsOf(facts, service),
    waiting: [],
    forged: [],
    parkedForgeries: [],
  };
  return judgeFlow(evidence);
}
