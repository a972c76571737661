import { randomUUID } from 'node:crypto';
import pg from 'pg';

export interface ThrowAwayDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

async function administer(statement: string): Promise<string> {
  const url = process.env['TEST_DATABASE_URL'];
  if (!url) throw new Error('TEST_DATABASE_URL is not set: run specs through npm test, which starts a PostgreSQL');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
    return url;
  } finally {
    await client.end();
  }
}

/** An empty database of the spec's own; `drop` it in `afterAll`, when everything that uses it is closed. */
export async function throwAwayDatabase(): Promise<ThrowAwayDatabase> {
  const name = `spec_${randomUUID().replaceAll('-', '')}`;
  const server = new URL(await administer(`create database ${name}`));
  server.pathname = `/${name}`;
  return {
    url: server.href,
    drop: async () => {
      await administer(`drop database if exists ${name} with (force)`);
    },
  };
}
