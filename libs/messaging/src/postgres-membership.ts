import { performance } from 'node:perf_hooks';
import { createSilentSessions, type SilentSessions } from '@tongchou/event-store';
import pg from 'pg';

/** A member of a group on a session of its own: its advisory locks end with it, whatever happens to the process. */
export interface Membership {
  /** False once the session has ended or was silent so long that PostgreSQL may have ended it. */
  alive(): boolean;
  /** Proves that the session lives; answers this member's number among the living, counted from 0, and how many there are. */
  beat(): Promise<{ index: number; members: number }>;
  /** Those of the partitions that nobody else holds; they are held from now on. */
  take(partitions: readonly PartitionName[]): Promise<PartitionName[]>;
  /** Stores hints on the session itself, so that a member that was thrown out cannot. */
  store(positions: readonly (PartitionName & { readonly position: number })[]): Promise<void>;
  giveBack(partitions: readonly PartitionName[]): Promise<void>;
  leave(): Promise<void>;
}

export interface PartitionName {
  readonly topic: string;
  readonly partition: number;
}

export interface MembershipOptions {
  readonly url: string;
  readonly group: string;
  /** PostgreSQL ends a session that is silent for so long: a frozen member's partitions are free then. */
  readonly sessionMs: number;
  /** Ends what PostgreSQL forgot to end; it remembers across memberships. */
  readonly silent: SilentSessions;
}

/** To be made once for all memberships of one member. */
export const silentMembers = (group: string, sessionMs: number): SilentSessions =>
  createSilentSessions(nameOf(group), sessionMs * FROZEN_AFTER_SESSIONS);

const MOST_MEMBERS = 64;
/** PostgreSQL ends a silent session after one; where its clock was set back, the other members do. */
const FROZEN_AFTER_SESSIONS = 1.3;

const MEMBER_KEY = `hashtextextended('bus member ' || $1 || ' ' || slot, 0)`;
const PARTITION_KEY = `hashtextextended('bus partition ' || $1 || ' ' || p.topic || ' ' || p.partition, 0)`;

const columns = (partitions: readonly PartitionName[]): [string[], number[]] => [
  partitions.map(({ topic }) => topic),
  partitions.map(({ partition }) => partition),
];

const nameOf = (group: string): string => `bus member of ${group}`;

async function connect({ url, group, sessionMs }: MembershipOptions): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: nameOf(group),
    connectionTimeoutMillis: 3_000,
    query_timeout: 5_000,
    statement_timeout: 5_000,
    keepAlive: true,
  });
  client.on('error', () => undefined);
  await client.connect();
  await client.query(`set idle_session_timeout = ${sessionMs}`);
  return client;
}

/** The lowest free number; held as an advisory lock, so that the living can be counted in `pg_locks`. */
async function takeSlot(client: pg.Client, group: string): Promise<number> {
  for (let slot = 0; slot < MOST_MEMBERS; slot += 1) {
    const { rows } = await client.query<{ taken: boolean }>(
      `select pg_try_advisory_lock(${MEMBER_KEY}) as taken from (values ($2::integer)) as s (slot)`,
      [group, slot],
    );
    if (rows[0]?.taken) return slot;
  }
  throw new Error(`Group ${group} has ${MOST_MEMBERS} members already: stop some of them`);
}

async function livingSlots(client: pg.Client, group: string): Promise<number[]> {
  const { rows } = await client.query<{ slot: number }>(
    `select slot from generate_series(0, ${MOST_MEMBERS - 1}) as slot
       join pg_locks l on l.locktype = 'advisory' and l.objsubid = 1 and l.granted
        and l.database = (select oid from pg_database where datname = current_database())
        and (l.classid::bigint << 32 | l.objid::bigint) = ${MEMBER_KEY}
      order by slot`,
    [group],
  );
  return rows.map(({ slot }) => slot);
}

/** Joins the group; members see each other at their next beat. */
export async function joinGroup(options: MembershipOptions): Promise<Membership> {
  const { group, sessionMs, silent } = options;
  const client = await connect(options);
  let ended = false;
  client.once('end', () => (ended = true));
  let lastBeat = performance.now();
  const slot = await takeSlot(client, group).catch(async (error: unknown) => {
    await client.end();
    throw error;
  });
  return {
    alive: () => !ended && performance.now() - lastBeat < sessionMs,
    async beat() {
      const asked = performance.now();
      await silent.end(client);
      const slots = await livingSlots(client, group);
      lastBeat = asked;
      return { index: slots.indexOf(slot), members: slots.length };
    },
    async take(partitions) {
      const { rows } = await client.query<PartitionName & { taken: boolean }>(
        `select p.topic, p.partition, pg_try_advisory_lock(${PARTITION_KEY}) as taken
           from unnest($2::text[], $3::integer[]) as p (topic, partition)`,
        [group, ...columns(partitions)],
      );
      return rows.filter(({ taken }) => taken).map(({ topic, partition }) => ({ topic, partition }));
    },
    async store(positions) {
      await client.query(
        `update bus.progress g set next_offset = p.next_offset
           from unnest($2::text[], $3::integer[], $4::bigint[]) as p (topic, partition, next_offset)
          where g."group" = $1 and g.topic = p.topic and g.partition = p.partition`,
        [group, ...columns(positions), positions.map(({ position }) => position)],
      );
    },
    async giveBack(partitions) {
      await client.query(
        `select pg_advisory_unlock(${PARTITION_KEY}) from unnest($2::text[], $3::integer[]) as p (topic, partition)`,
        [group, ...columns(partitions)],
      );
    },
    async leave() {
      await client.end().catch(() => undefined);
    },
  };
}
