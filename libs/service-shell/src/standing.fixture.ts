import { z } from 'zod';
import { defineConfig } from './define-config.ts';
import { serviceSettings } from './service-settings.ts';
import { ShelfModule } from './shelf.fixture.ts';
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

/** A sample service on databases of a spec's own. */
export function sampleCity(own: Database, bus: Database) {
  const config = defineConfig(serviceSettings('shelf', 0), {
    LOG_LEVEL: 'silent',
    SHELF_DATABASE_URL: own.url,
    BUS_DATABASE_URL: bus.url,
  });
  return {
    config,
    busUrl: bus.url,
    stand: (port = 0): Promise<Standing> => standUp(ShelfModule.with(config), { ...config, port }),
    drop: async (): Promise<void> => {
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

export function postLines(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${url}/v1/commands`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', ...headers },
    body,
  });
}

export async function ask(
  url: string,
  query: string,
  variables: object = {},
  headers: Readonly<Record<string, string>> = {},
) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  const statements = /(\d+) statements/.exec(response.headers.get('server-timing') ?? '')?.[1];
  return { ...answer.parse(await response.json()), response, statements: Number(statements) };
}
