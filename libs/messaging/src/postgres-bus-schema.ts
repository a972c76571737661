import type { Pool } from 'pg';
import { PARTITIONS } from './bus.ts';
import { inTransaction } from '@tongchou/event-store';

const BUS_SCHEMA = /* sql */ `
create schema if not exists bus;

-- next_offset: the end. first_offset: from here on no fact has been removed.
create table if not exists bus.parts (
  topic text not null,
  partition integer not null,
  first_offset bigint not null default 0,
  next_offset bigint not null default 0,
  primary key (topic, partition)
) with (fillfactor = 50);

create table if not exists bus.log (
  topic text not null,
  partition integer not null,
  "offset" bigint not null,
  key bytea,
  headers jsonb not null,
  value bytea,
  ephemeral boolean not null,
  published_at timestamptz not null default clock_timestamp(),
  primary key (topic, partition, "offset")
);
create index if not exists log_ephemeral on bus.log (topic, partition, "offset") where ephemeral;

create table if not exists bus.checkpoints (
  topic text primary key,
  generation uuid not null,
  cursor text not null,
  epoch bigint not null,
  system_identifier text not null
);

-- Where each group stands, as a hint: its own store knows better.
create table if not exists bus.progress (
  "group" text not null,
  topic text not null,
  partition integer not null,
  next_offset bigint not null default 0,
  primary key ("group", topic, partition)
) with (fillfactor = 50);
`;

/** Brings the bus's database to this version; any number of processes may start at once. */
export async function migrateBus(pool: Pool): Promise<void> {
  await inTransaction(pool, async (client) => {
    await client.query("set local lock_timeout = '30s'; set local statement_timeout = '60s'");
    await client.query("select pg_advisory_xact_lock(hashtextextended('tongchou bus schema', 0))");
    await client.query(BUS_SCHEMA);
  });
}

export async function createTopic(pool: Pool, topic: string): Promise<void> {
  await pool.query(
    'insert into bus.parts (topic, partition) select $1, generate_series(0, $2::integer - 1) on conflict do nothing',
    [topic, PARTITIONS],
  );
}
