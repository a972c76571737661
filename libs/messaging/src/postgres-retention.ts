import type { Pool, PoolClient } from 'pg';
import { inTransaction } from '@tongchou/event-store';

const MOST_ROWS = 5_000;

interface Passed {
  readonly topic: string;
  readonly partition: number;
  readonly passed: string;
}

/** How far every group that the bus knows has come; the end where there is none. */
const PASSED = /* sql */ `
select p.topic, p.partition, coalesce(min(g.next_offset), p.next_offset) as passed
  from bus.parts p left join bus.progress g on g.topic = p.topic and g.partition = p.partition
 group by p.topic, p.partition`;

/** Watermarks that every group has passed are worth nothing, whatever their age. */
const REMOVE_EPHEMERAL = /* sql */ `
delete from bus.log where topic = $1 and partition = $2 and "offset" in (
  select "offset" from bus.log where topic = $1 and partition = $2 and ephemeral and "offset" < $3
   order by "offset" limit ${MOST_ROWS})`;

/** Only the beginning of a partition goes, up to the first message that is young, so that no fact is missing between others. */
const REMOVE_OLD = /* sql */ `
with page as (
  select "offset", published_at from bus.log where topic = $1 and partition = $2 and "offset" < $3
   order by "offset" limit ${MOST_ROWS}),
young as (select min("offset") as first from page where published_at >= clock_timestamp() - $4 * interval '1 millisecond'),
old as (select page."offset" from page, young where young.first is null or page."offset" < young.first),
gone as (delete from bus.log l using old where l.topic = $1 and l.partition = $2 and l."offset" = old."offset")
update bus.parts set first_offset = (select max("offset") + 1 from old)
 where topic = $1 and partition = $2 and exists (select from old)`;

async function removeFrom(pool: Pool, { topic, partition, passed }: Passed, retentionMs: number): Promise<void> {
  const place = [topic, partition, passed];
  await inTransaction(pool, async (client: PoolClient) => {
    await client.query(REMOVE_EPHEMERAL, place);
    await client.query(REMOVE_OLD, [...place, retentionMs]);
  });
}

/**
 * Removes what every group has passed: watermarks at once, facts when they are older than `retentionMs`. At most 5,000
 * messages a partition and call; one partition a transaction, so that publishing never waits for two.
 */
export async function removePassed(pool: Pool, retentionMs: number): Promise<void> {
  const { rows } = await pool.query<Passed>(PASSED);
  for (const partition of rows) await removeFrom(pool, partition, retentionMs);
}
