import { readFile } from 'node:fs/promises';
import type { EmbeddedPostgres } from '@tongchou/embedded-postgres';
import pg from 'pg';
import { Problem, reasonOf } from '../state/problem.ts';
import type { Given } from '../state/settings.ts';

/** The databases of the city and the settings that name them. */
const DATABASES = {
  projects: 'PROJECTS_DATABASE_URL',
  costs: 'COSTS_DATABASE_URL',
  bus: 'BUS_DATABASE_URL',
} as const;

type DatabaseName = keyof typeof DATABASES;
const NAMES: readonly DatabaseName[] = ['projects', 'costs', 'bus'];

const CONNECT_MS = 5_000;

/** Addresses that the environment gives, as `NAME` or in the file that `NAME_FILE` names. */
export async function givenDatabases(environment: Given): Promise<Partial<Record<DatabaseName, string>>> {
  const found: Partial<Record<DatabaseName, string>> = {};
  for (const name of NAMES) {
    const file = environment[`${DATABASES[name]}_FILE`];
    const url = environment[DATABASES[name]] ?? (file ? (await readFile(file, 'utf8')).trim() : undefined);
    if (url) found[name] = url;
  }
  return found;
}

export const needsEmbedded = (given: Partial<Record<DatabaseName, string>>): boolean =>
  NAMES.some((name) => given[name] === undefined);

/** @throws Problem when a database that was given does not answer; its password is not shown. */
export async function checkGiven(given: Partial<Record<DatabaseName, string>>): Promise<void> {
  for (const name of NAMES) {
    const url = given[name];
    if (url === undefined) continue;
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS });
    client.on('error', () => undefined);
    const answer = client.connect().then(() => client.query('select 1'));
    await answer
      .catch((cause: unknown) => {
        throw new Problem(
          `The database of ${name} (${DATABASES[name]}) does not answer: ${reasonOf(cause)}.`,
          `Make it answer, or unset ${DATABASES[name]}: then an embedded PostgreSQL is used.`,
        );
      })
      .finally(() => client.end().catch(() => undefined));
  }
}

/** Addresses of all databases: those given, the others in the embedded server, where they are made when missing. */
export async function allDatabases(
  given: Partial<Record<DatabaseName, string>>,
  server: EmbeddedPostgres | undefined,
): Promise<Record<DatabaseName, string>> {
  const urls = { projects: '', costs: '', bus: '' };
  for (const name of NAMES) {
    const url = given[name];
    if (url === undefined) await server?.ensureDatabase(name);
    urls[name] = url ?? server?.url(name) ?? '';
  }
  return urls;
}

/** An address without its database: what run.json names. */
export function originOf(url: string): string {
  const { protocol, username, password, host } = new URL(url);
  const who = username === '' ? '' : `${username}${password === '' ? '' : `:${password}`}@`;
  return `${protocol}//${who}${host}`;
}
