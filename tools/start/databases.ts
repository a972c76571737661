import { readFile } from 'node:fs/promises';
import type { EmbeddedPostgres } from '@tongchou/embedded-postgres';
import pg from 'pg';
import { Problem, reasonOf } from '../state/problem.ts';
import type { Given } from '../state/settings.ts';
import type { BusChoice } from './bus-choice.ts';

/** The databases of the city and the settings that name them. */
const DATABASES = {
  projects: 'PROJECTS_DATABASE_URL',
  costs: 'COSTS_DATABASE_URL',
  bus: 'BUS_DATABASE_URL',
} as const;

export type DatabaseName = keyof typeof DATABASES;
const NAMES: readonly DatabaseName[] = ['projects', 'costs', 'bus'];

/** The databases that a city on this bus has: Kafka needs none. */
export const neededDatabases = ({ kind }: Pick<BusChoice, 'kind'>): readonly DatabaseName[] =>
  NAMES.filter((name) => name !== 'bus' || kind === 'postgres');

const CONNECT_MS = 5_000;

/** Addresses that the environment gives, as `NAME` or in the file that `NAME_FILE` names. */
export async function givenDatabases(
  environment: Given,
  names: readonly DatabaseName[],
): Promise<Partial<Record<DatabaseName, string>>> {
  const found: Partial<Record<DatabaseName, string>> = {};
  for (const name of names) {
    const file = environment[`${DATABASES[name]}_FILE`];
    const url = environment[DATABASES[name]] ?? (file ? (await readFile(file, 'utf8')).trim() : undefined);
    if (url) found[name] = url;
  }
  return found;
}

export const needsEmbedded = (given: Partial<Record<DatabaseName, string>>, names: readonly DatabaseName[]): boolean =>
  names.some((name) => given[name] === undefined);

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
  names: readonly DatabaseName[],
): Promise<Partial<Record<DatabaseName, string>>> {
  const urls: Partial<Record<DatabaseName, string>> = {};
  for (const name of names) {
    if (given[name] === undefined) await server?.ensureDatabase(name);
    const url = given[name] ?? server?.url(name);
    if (url !== undefined) urls[name] = url;
  }
  return urls;
}

/** An address without its database: what run.json names. */
export function originOf(url: string): string {
  const { protocol, username, password, host } = new URL(url);
  const who = username === '' ? '' : `${username}${password === '' ? '' : `:${password}`}@`;
  return `${protocol}//${who}${host}`;
}
