import { randomUUID } from 'node:crypto';
import pg from 'pg';

/** Of 10 ms each, for connections that are closing. */
const LOOKS = 50;

export interface ThrowAwayDatabase {
  readonly url: string;
  /** Runs statements in it, from a connection of their own. */
  run(statements: string): Promise<void>;
  /** Ends all connections and lets nobody in, until the answer is called. */
  away(): Promise<() => Promise<void>>;
  drop(): Promise<void>;
}

async function administer(statement: string): Promise<string> {
  const url = process.env['TEST_DATABASE_URL'];
  if (!url) throw new Error('TEST_DATABASE_URL is not set: run specs through npm test, which starts a PostgreSQL');
  await runAt(url, statement);
  return url;
}

async function runAt(url: string, statements: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statements);
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
    run: (statements) => runAt(server.href, statements),
    async away() {
      await administer(`alter database ${name} allow_connections false`);
      await administer(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`);
      return async () => {
        await administer(`alter database ${name} allow_connections true`);
      };
    },
    drop: async () => {
      // A pool that was ended closes its connections a little later; one that is cut instead complains of it.
      await administer(`do $$ begin
        for look in 1..${LOOKS} loop
          exit when not exists (select from pg_stat_activity where datname = '${name}');
          perform pg_sleep(0.01), pg_stat_clear_snapshot();
        end loop;
      end $$`);
      await administer(`drop database if exists ${name} with (force)`);
    },
  };
}
