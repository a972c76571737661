/** What most appends need not pay for: names to claim, and answers to facts from other clocks. */
interface Guards {
  readonly ctes: string;
  readonly notBefore: string;
  readonly join: string;
  readonly open: string;
  readonly beforeCommands: string;
  readonly answer: string;
}

const NONE: Guards = { ctes: '', notBefore: '', join: '', open: '', beforeCommands: '', answer: '' };

const CLAIMS_AND_CLOCKS: Guards = {
  ctes: `
claim as materialized (
  select x.*, (select h.stream_id from es.claims h where h.kind = x.kind and h.key = x.key limit 1) as holder
  from unnest($22::int[], $23::text[], $24::text[], $25::uuid[]) as x(n, kind, key, stream_id)
), answered as materialized (
  select a.n, max(a.at) filter (where a.at <= clock.now + interval '5 seconds') as at,
    bool_or(a.at > clock.now + interval '5 seconds') as ahead
  from clock, unnest($26::int[], $27::timestamptz[]) as a(n, at) group by a.n
),`,
  notBefore: ', a.at',
  join: 'left join answered a on a.n = i.n',
  open: 'and i.n not in (select x.n from claim x where x.holder <> x.stream_id)',
  beforeCommands: `
new_claims as (
  insert into es.claims (kind, key, stream_id)
  select x.kind, x.key, x.stream_id from claim x
  where x.holder is null and (x.n in (select d.n from done d)) is true order by x.kind, x.key
  returning 1
),`,
  answer: `,
  array(select x.n from claim x where x.holder <> x.stream_id) as claimed_streams,
  array(select x.kind || chr(1) || x.key from claim x where x.holder <> x.stream_id) as claimed_names,
  array(select a.n from answered a where a.ahead) as ahead`,
};

const statement = (guards: Guards): string => /* sql */ `
with clock as materialized (
  select clock_timestamp() as now from (select pg_current_xact_id() as xid offset 0) x where xid is not null
), command as materialized (
  select c.*, (select true from es.commands k where k.scope = c.scope and k.command_id = c.command_id limit 1) as known
  from unnest($7::int[], $8::text[], $9::text[], $10::bytea[], $11::bigint[], $12::boolean[], $13::jsonb[])
    as c(n, scope, command_id, fingerprint, version, kept, result)
),${guards.ctes}
open as materialized (
  select i.n, i.stream_id, i.stream_type, i.expected, i.events, i.steps,
    greatest(clock.now, (i.stream).recorded_at + interval '1 microsecond'${guards.notBefore}) as first_at
  from clock cross join (
    select i.*, (select s from es.streams s where s.stream_id = i.stream_id limit 1) as stream
    from unnest($1::int[], $2::uuid[], $3::text[], $4::bigint[], $5::int[], $6::int[])
      as i(n, stream_id, stream_type, expected, events, steps) offset 0
  ) i ${guards.join}
  where coalesce((i.stream).version, 0) = i.expected
    and i.n not in (select c.n from command c where c.known) ${guards.open}
), taken as (
  insert into es.streams as s (stream_id, stream_type, version, recorded_at)
  select o.stream_id, o.stream_type, o.expected + o.events, o.first_at + o.steps * interval '1 microsecond'
  from open o where o.events > 0 order by o.stream_id
  on conflict (stream_id) do update set version = excluded.version, recorded_at = excluded.recorded_at
  where s.version = ($4::bigint[])[array_position($2::uuid[], s.stream_id)]
  returning s.stream_id
), done as materialized (
  select o.n, o.stream_id, o.stream_type, o.first_at from open o
  where o.stream_id in (select t.stream_id from taken t) or o.events = 0
),${guards.beforeCommands}
new_commands as (
  insert into es.commands (scope, command_id, fingerprint, stream_id, version, result, recorded_at)
  select c.scope, c.command_id, c.fingerprint, d.stream_id, c.version, c.result, d.first_at
  from command c join done d using (n)
  where c.kept ${guards.beforeCommands && 'and (select count(*) from new_claims) >= 0'} order by c.scope, c.command_id
), new_events as (
  insert into es.events
    (recorded_at, stream_id, stream_type, version, event_id, event_type, schema_version, data, metadata)
  select d.first_at + e.step * interval '1 microsecond', d.stream_id, d.stream_type,
    e.version, e.event_id, e.event_type, e.schema_version, e.data, e.metadata
  from unnest($14::int[], $15::int[], $16::bigint[], $17::uuid[], $18::text[], $19::smallint[], $20::jsonb[], $21::jsonb[])
    as e(n, step, version, event_id, event_type, schema_version, data, metadata)
  join done d using (n) order by d.stream_id, e.version
)
select array(select n from done) as done, array(select c.n from command c where c.known) as known${guards.answer}`;

/**
 * THE append: many streams, their commands and events in one round trip and one commit.
 *
 * A stream is open when it stands at the expected version, none of its command ids exists and no other stream holds one
 * of its claims; the others answer so and hinder nobody. `on conflict` takes the open ones in id order and checks the
 * version again under the row lock. Claims and command ids have no `on conflict`: one that another transaction inserts at
 * this moment fails the whole statement, because a stream whose version has been raised could not be put back. The
 * transaction's id is taken before the clock is read, so that nothing recorded before a closed instant appears after it.
 * Scalar subqueries over limit 1, and `is true` behind `in`, keep the planner from loops over all pairs: it believes
 * that every array holds ten rows.
 */
export const APPEND = statement(NONE);

/** The same for batches that claim names or answer facts: starting these parts costs a third of a small statement. */
export const APPEND_GUARDED = statement(CLAIMS_AND_CLOCKS);
