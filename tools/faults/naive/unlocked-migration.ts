import pg from 'pg';
import { NOTE_START, NoteStart1790000000000 } from '../pending-migration.ts';

/** Looks what is pending and carries it out, without a lock: whoever starts at the same moment does the same. */
export async function migrateUnlocked(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  const { name } = new NoteStart1790000000000();
  await client.connect();
  try {
    const { rowCount } = await client.query('select from migrations where name = $1', [name]);
    if (rowCount !== 0) return;
    for (const statement of NOTE_START) await client.query(statement);
    await client.query('insert into migrations (timestamp, name) values (1790000000000, $1)', [name]);
  } finally {
    await client.end();
  }
}
