/** The first migration of every service's database: schema `es` holds events and their bookkeeping, `rm` the read models. */
export const ENGINE_SCHEMA = /* sql */ `
create schema es;
create schema rm;

-- One order hint over own and received facts; gaps are normal, never a checkpoint.
create sequence es.position;

create table es.streams (
  stream_id uuid primary key,
  stream_type text not null,
  version bigint not null,
  recorded_at timestamptz not null,
  closed boolean not null default false
) with (fillfactor = 60);

create table es.events (
  position bigint not null default nextval('es.position'),
  xid xid8 not null default pg_current_xact_id(),
  recorded_at timestamptz not null,
  stream_id uuid not null,
  stream_type text not null,
  version bigint not null,
  event_id uuid not null,
  event_type text not null,
  schema_version smallint not null,
  data jsonb not null,
  metadata jsonb not null,
  primary key (stream_id, version)
);
create index events_position on es.events (position);
create index events_xid on es.events (xid);

-- Facts of other services. data is null for an envelope without data (a private event of theirs).
create table es.received (
  position bigint not null default nextval('es.position'),
  xid xid8 not null default pg_current_xact_id(),
  recorded_at timestamptz not null,
  source text not null,
  stream_id uuid not null,
  stream_type text not null,
  version bigint not null,
  event_id uuid not null,
  event_type text not null,
  schema_version smallint not null,
  data jsonb,
  metadata jsonb not null,
  received_at timestamptz not null default clock_timestamp(),
  primary key (source, stream_id, version)
);
create index received_position on es.received (position);
create index received_xid on es.received (xid);

create function es.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% on %.% is refused: facts are kept for ever', tg_op, tg_table_schema, tg_table_name;
end $$;
create trigger events_for_ever before update or delete or truncate on es.events
  for each statement execute function es.refuse_change();
create trigger received_for_ever before update or delete or truncate on es.received
  for each statement execute function es.refuse_change();
revoke update, delete, truncate on es.events, es.received from public;

create table es.commands (
  scope text not null,
  command_id text not null,
  fingerprint bytea not null,
  stream_id uuid not null,
  version bigint not null,
  result jsonb not null,
  recorded_at timestamptz not null default clock_timestamp(),
  primary key (scope, command_id)
);

create table es.claims (
  kind text not null,
  key text not null,
  stream_id uuid not null,
  primary key (kind, key)
);

create table es.snapshots (
  stream_id uuid primary key,
  version bigint not null,
  fold_version integer not null,
  state jsonb not null
);

create table es.leaders (
  name text primary key,
  epoch bigint not null,
  holder text not null,
  since timestamptz not null default clock_timestamp()
);

-- base: everything visible in it has had its effect. paging: a catch-up under way (target snapshot, position reached).
create table es.checkpoints (
  reader text not null,
  reader_version integer not null,
  base pg_snapshot not null,
  paging jsonb,
  epoch bigint not null,
  system_identifier text not null,
  watermarks jsonb not null default '{}',
  stopped text,
  updated_at timestamptz not null default clock_timestamp(),
  primary key (reader, reader_version)
);

create table es.offsets (
  generation uuid not null,
  topic text not null,
  partition integer not null,
  next_offset bigint not null,
  primary key (generation, topic, partition)
);

-- Ends of an own topic that the bus has acknowledged: one that lies below was recreated or restored, and is published anew.
create table es.acknowledged (
  topic text primary key,
  generation uuid not null,
  ends bigint[] not null
);

create table es.watermarks (
  source text not null,
  partition integer not null,
  instant timestamptz not null,
  xid xid8 not null default pg_current_xact_id(),
  primary key (source, partition)
);

-- Messages that wait: a stream's (source, stream_id) in order behind the first, or a single unreadable one (stream_id null).
create table es.parked (
  id bigint generated always as identity primary key,
  topic text not null,
  generation uuid not null,
  partition integer not null,
  "offset" bigint not null,
  source text not null,
  stream_id uuid,
  version bigint,
  event_id uuid,
  reason text not null,
  detail text not null,
  key bytea,
  headers jsonb not null,
  value bytea,
  parked_at timestamptz not null default clock_timestamp(),
  released_at timestamptz,
  unique (generation, topic, partition, "offset")
);
create index parked_stream on es.parked (source, stream_id, version) where released_at is null;
`;

/** The second one: where a relay stands on a bus that has no place for it, as Kafka. */
export const PUBLISHED_SCHEMA = /* sql */ `
create table es.published (
  topic text primary key,
  generation uuid not null,
  cursor text not null,
  epoch bigint not null,
  system_identifier text not null
);
`;

/**
 * The third one: what a relay knows of each generation of its topic, so that a bus that is come back to is compared with its
 * own ends; the wish for a new one; and the origin of facts, which a copy of the database keeps.
 */
export const GENERATIONS_SCHEMA = /* sql */ `
alter table es.acknowledged
  drop constraint acknowledged_pkey,
  add primary key (topic, generation),
  add column facts bigint not null default 0;

-- The last wish; generation: the one that answers it, null while it still has to begin.
create table es.republishing (
  topic text primary key,
  wish uuid not null,
  asked_at timestamptz not null default clock_timestamp(),
  generation uuid
);

-- Names this store's facts, in every copy of it. One row.
create table es.origin (id uuid primary key default gen_random_uuid());
insert into es.origin default values;

-- The one origin that each other service's facts are taken from.
create table es.origins (
  source text primary key,
  origin uuid not null
);
`;
