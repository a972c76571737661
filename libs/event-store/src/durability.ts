import type pg from 'pg';

interface Settings {
  readonly fsync: string;
  readonly synchronous_commit: string;
  readonly full_page_writes: string;
  readonly standby: boolean;
  readonly system_identifier: string;
}

const ASK = `
  select current_setting('fsync') as fsync, current_setting('synchronous_commit') as synchronous_commit,
    current_setting('full_page_writes') as full_page_writes, pg_is_in_recovery() as standby,
    (select system_identifier::text from pg_control_system()) as system_identifier`;

/** What keeps this server from holding "an acknowledged command is never lost", each with its remedy. */
function shortcomings(found: Settings): string[] {
  const faults: string[] = [];
  if (found.standby) faults.push('it is a standby: connect to the primary');
  if (found.fsync !== 'on') faults.push('fsync is off: turn it on');
  if (found.full_page_writes !== 'on') faults.push('full_page_writes is off: turn it on');
  if (found.synchronous_commit === 'off') faults.push('synchronous_commit is off: turn it on');
  return faults;
}

/**
 * The server's system identifier, once it is sure that the server keeps what it acknowledges.
 *
 * @throws when it does not; the error lists every reason with its remedy.
 */
export async function durableSystem(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query<Settings>(ASK);
  const found = rows[0];
  if (!found) throw new Error('PostgreSQL did not answer its settings');
  const faults = shortcomings(found);
  if (faults.length > 0) throw new Error(`This PostgreSQL would lose acknowledged commands: ${faults.join('; ')}.`);
  return found.system_identifier;
}
