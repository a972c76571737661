import type pg from 'pg';

/** The database is not the one that a checkpoint was written in, or an older state of it. Never retried. */
export class StoreRestored extends Error {
  readonly code = 'STORE_RESTORED';
  readonly retryable = false;

  constructor(reader: string, service: string) {
    super(
      `The database of ${service} is not the one that ${reader} has read, or an older state of it (restored from a backup?). ` +
        `Read models: rebuild them (npm run rebuild -- ${service} READ_MODEL). The relay: npm run bus:republish -- ${service}.`,
    );
  }
}

/**
 * Names the database cluster and its history: the system identifier and the timeline, which changes when a backup is
 * restored to a point in time.
 */
export async function storeIdentity(db: Pick<pg.Pool, 'query'>): Promise<string> {
  const { rows } = await db.query<{ identity: string }>(
    `select system_identifier || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8) as identity from pg_control_system()`,
  );
  return rows[0]?.identity ?? '';
}
