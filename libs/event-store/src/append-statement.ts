/** What most appends need not pay for: names to claim, and answers to facts from other clocks. */
interface Guards {
  readonly ctes: string;
  readonly notBefore: string;
  readonly join: string;
  readonly free: string;
  readonly beforeCommands: string;
  readonly afterClaims: string;
  readonly answer: string;
}

const NONE: Guards = { ctes: '', notBefore: '', join: '', free: '', beforeCommands: '', afterClaims: '', answer: '' };

const CLAIMS_AND_CLOCKS: Guards = {
  ctes: `
claim as materialized (
  select x.*, (select h.stream_id from es.claims h where h.kind = x.kind and h.key = x.key limit 1) as holder
  from unnest($21::int[], $22::text[], $23::text[]) as x(n, kind, key)
), taken_name as materialized (
  select x.n, x.kind, x.key from claim x where x.holder <> ($1::uuid[])[x.n]
), answered as materialized (
  select a.n, max(a.at) filter (where a.at <= clock.now + interval '5 seconds') as at,
    bool_or(a.at > clock.now + interval '5 seconds') as ahead
  from clock, unnest($24::int[], $25::timestamptz[]) as a(n, at) group by a.n
),`,
  notBefore: ', a.at',
  join: 'left join answered a on a.n = i.n',
  free: 'and i.n not in (select x.n from taken_name x)',
  beforeCommands: `
new_claims as (
  insert into es.claims (kind, key, stream_id)
  select x.kind, x.key, ($1::uuid[])[x.n] from claim x
  where x.holder is null and (select d.at from done d)[x.n] > '-infinity'
  returning 1
),`,
  afterClaims: 'and (select count(*) from new_claims) >= 0',
  answer: `,
  array(select x.n from taken_name x) as claimed_streams,
  array(select x.kind || chr(1) || x.key from taken_name x) as claimed_names,
  array(select a.n from answered a where a.ahead) as ahead`,
};

/** PostgreSQL copies the text with every call: white space costs 2 % of a small append. */
const shortened = (sql: string): string => sql.replace(/\s+/g, ' ').trim();

const statement = (guards: Guards): string => /* sql */ `
with clock as materialized (
  select clock_timestamp() as now from (select pg_current_xact_id() as xid offset 0) x where xid is not null
), known as materialized (
  select array(
    select c.n from unnest($6::int[], $7::text[], $8::text[]) as c(n, scope, command_id)
    where (select true from es.commands k where k.scope = c.scope and k.command_id = c.command_id limit 1)
  ) as ns
),${guards.ctes}
judged as materialized (
  select i.*, greatest(clock.now, (i.stream).recorded_at + interval '1 microsecond'${guards.notBefore}) as first_at,
    coalesce((i.stream).version, 0) = i.expected and i.n <> all(known.ns) ${guards.free} as open
  from clock cross join known cross join (
    select i.*, (select s from es.streams s where s.stream_id = i.stream_id limit 1) as stream
    from unnest($1::uuid[], $2::text[], $3::bigint[], $4::int[], $5::int[])
      with ordinality as i(stream_id, stream_type, expected, events, steps, n) offset 0
  ) i ${guards.join}
), taken as (
  insert into es.streams as s (stream_id, stream_type, version, recorded_at)
  select j.stream_id, j.stream_type, j.expected + j.events, j.first_at + j.steps * interval '1 microsecond'
  from judged j where j.open and j.events > 0
  on conflict (stream_id) do update set version = excluded.version, recorded_at = excluded.recorded_at
  where s.version = ($3::bigint[])[array_position($1::uuid[], s.stream_id)]
  returning s.stream_id
), done as materialized (
  select array_agg(f.at) as at, string_agg(case when f.at > '-infinity' then '1' else '0' end, '') as flags
  from (
    select case when j.open and (j.events = 0 or j.stream_id in (select t.stream_id from taken t))
      then j.first_at else '-infinity' end as at
    from judged j order by j.n offset 0
  ) f
),${guards.beforeCommands}
new_commands as (
  insert into es.commands (scope, command_id, fingerprint, stream_id, version, result, recorded_at)
  select c.scope, c.command_id, c.fingerprint, ($1::uuid[])[c.n], c.version, c.result, (select d.at from done d)[c.n]
  from unnest($6::int[], $7::text[], $8::text[], $9::bytea[], $10::bigint[], $11::jsonb[], $12::boolean[])
    as c(n, scope, command_id, fingerprint, version, result, kept)
  where (select d.at from done d)[c.n] > '-infinity' and c.kept ${guards.afterClaims}
), new_events as (
  insert into es.events
    (recorded_at, stream_id, stream_type, version, event_id, event_type, schema_version, data, metadata)
  select (select d.at from done d)[e.n] + e.step * interval '1 microsecond', ($1::uuid[])[e.n], ($2::text[])[e.n],
    e.version, e.event_id, e.event_type, e.schema_version, e.data, e.metadata
  from unnest($13::int[], $14::int[], $15::bigint[], $16::uuid[], $17::text[], $18::smallint[], $19::jsonb[], $20::jsonb[])
    as e(n, step, version, event_id, event_type, schema_version, data, metadata)
  where (select d.at from done d)[e.n] > '-infinity'
)
select (select d.flags from done d) as done, (select k.ns from known k) as known${guards.answer}`;

/**
 * THE append: many streams, their commands and events in one round trip and one commit. Arrays come sorted: streams by id,
 * commands by scope and id, claims by kind and key, events by stream and version; n counts streams from 1.
 *
 * A stream is open when it stands at the expected version, none of its command ids exists and no other stream holds one
 * of its claims; the others answer so and hinder nobody. `on conflict` takes the open ones in id order and checks the
 * version again under the row lock. Claims and command ids have no `on conflict`: one that another transaction inserts at
 * this moment fails the whole statement, because a stream whose version has been raised could not be put back. The
 * transaction's id is taken before the clock is read, so that nothing recorded before a closed instant appears after it.
 * `done` is one array, the first instant of each stream that was taken: looking up in it keeps the rows in order and needs
 * no join, of whose size the planner knows nothing.
 */
export const APPEND = shortened(statement(NONE));

/** The same for batches that claim names or answer facts: starting these parts costs a third of a small statement. */
export const APPEND_GUARDED = shortened(statement(CLAIMS_AND_CLOCKS));
