import { EVERY_ROLE, testAccess } from '@tongchou/testing';
import type { Principal } from '@tongchou/access';
import pg from 'pg';
import { z } from 'zod';
import { defineConfig } from './define-config.ts';
import { serviceSettings, type ServiceConfig } from './service-settings.ts';
import { ShelfModule, shelfParts } from './shelf.fixture.ts';
import { standUp, type Standing } from './stand-up.ts';

const verdict = z.looseObject({
  line: z.number(),
  status: z.string(),
  code: z.string().optional(),
  message: z.string().optional(),
  consistencyToken: z.string().optional(),
});

export type AnsweredLine = z.output<typeof verdict>;

const answer = z.looseObject({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z.array(z.looseObject({ message: z.string(), extensions: z.record(z.string(), z.unknown()) })).optional(),
  extensions: z.record(z.string(), z.unknown()).optional(),
});

interface Database {
  readonly url: string;
  drop(): Promise<void>;
}

/** The keys of the gateway that the sample service believes. */
export const access = await testAccess();
export const SCRAPE_TOKEN = 'scrape-token-of-a-spec';

/** A sample service on databases of a spec's own. */
export function sampleCity(own: Database, bus: Database) {
  const config = defineConfig(serviceSettings('shelf', 0), {
    LOG_LEVEL: 'silent',
    SHELF_DATABASE_URL: own.url,
    BUS_DATABASE_URL: bus.url,
    PRINCIPAL_KEYS: access.keys,
    METRICS_TOKEN: SCRAPE_TOKEN,
  });
  // Connects when it is first asked.
  const database = new pg.Pool({ connectionString: own.url, max: 1 });
  return {
    config,
    busUrl: bus.url,
    /** The service's own database, past the service. */
    database,
    stand: (port = 0, parts = shelfParts, settings: ServiceConfig = config): Promise<Standing> =>
      standUp(ShelfModule.with(settings, parts), { ...settings, port }),
    drop: async (): Promise<void> => {
      await database.end();
      await own.drop();
      await bus.drop();
    },
  };
}

export const putBook = (shelf: string, title: string, key = `${shelf}-${title}`): string =>
  JSON.stringify({ command: 'PutBook', idempotencyKey: key, input: { shelf, title } });

export const verdicts = (text: string): AnsweredLine[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => verdict.parse(JSON.parse(line)));

interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Asks as the gateway does; as somebody of every role unless a principal is given. */
export async function call(url: string, { headers, ...init }: Call = {}, principal = EVERY_ROLE): Promise<Response> {
  const signed = await access.headers('shelf', principal, headers?.['x-request-id']);
  return fetch(url, { ...init, headers: { ...headers, ...signed } });
}

export function postLines(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
  principal?: Principal,
): Promise<Response> {
  const init = { method: 'POST', headers: { 'content-type': 'application/x-ndjson', ...headers }, body };
  return call(`${url}/v1/commands`, init, principal);
}

/** Asks the graph as this principal. */
export const askAs =
  (principal: Principal) =>
  async (url: string, query: string, variables: object = {}, headers: Readonly<Record<string, string>> = {}) => {
    const body = JSON.stringify({ query, variables });
    const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body };
    const response = await call(`${url}/graphql`, init, principal);
    const statements = /(\d+) statements/.exec(response.headers.get('server-timing') ?? '')?.[1];
    return { ...answer.parse(await response.json()), response, statements: Number(statements) };
  };

export const ask = askAs(EVERY_ROLE);
