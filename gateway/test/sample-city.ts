import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertCompositionSuccess, composeServices } from '@theguild/federation-composition';
import { GraphQLError, parse } from 'graphql';
import { readConfig } from '../src/config.ts';
import { standUpGateway, type StandingGateway } from '../src/stand-up.ts';
import { type TestAccess, testAccess } from '@tongchou/testing';
import { sampleSubgraph, type SampleSubgraph } from './sample-subgraph.ts';
import { type TestIssuer, testIssuer } from './test-issuer.ts';

const PROJECTS = `
  type Query { works(first: Int): Works project(id: ID!): Project echo(text: String): String total: Int! other: Int }
  type Mutation { registerProject(input: RegisterInput!): RegisterPayload }
  input RegisterInput { idempotencyKey: String! name: String! }
  type RegisterPayload { project: Project consistencyToken: String errors: [RefusalError!]! }
  type RefusalError { code: String! message: String! }
  type Works { totalCount: Int nodes: [Work!]! }
  type Work { project: Project! light: Light parts: [[Part]] }
  type Part { name: String }
  type Light { state: String! }
  type Project @key(fields: "id") { id: ID! name: String! }
`;

const COSTS = `
  type Project @key(fields: "id") { id: ID! costSheet: CostSheet ceiling: Int }
  type CostSheet { budget: Int! lines: [Line] }
  type Line { amount: Int! }
`;

/** What a service answers that refuses a field, with everything in it that must not get out. */
const refused = (code: string, message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code, stacktrace: ['at x (/srv/x.js:1:1)'] } });

const project = (id: string) => ({ __typename: 'Project', id, name: `Work ${id}` });

const work = (index: number) => ({
  project: project(`p${index}`),
  light: () =>
    index === 3
      ? {
          state: () => {
            throw refused('STALE_READ', 'Light is not there yet.');
          },
        }
      : { state: 'NORMAL' },
  parts: [
    [{ name: 'a' }],
    [
      { name: 'b' },
      {
        name: () => {
          throw refused('NOT_FOUND', 'No such part.');
        },
      },
    ],
  ],
});

const PROJECTS_RESOLVERS = {
  Query: {
    works: (_: unknown, { first = 3 }: { first?: number }) => {
      if (first > 200) throw refused('BAD_USER_INPUT', 'first is at most 200.');
      return { totalCount: 40, nodes: Array.from({ length: first }, (_none, index) => work(index)) };
    },
    project: (_: unknown, { id }: { id: string }) => project(id),
    echo: (_: unknown, { text }: { text: string }) => text,
    total: () => {
      throw new Error('SELECT * FROM rm.works at 10.1.2.3:5432');
    },
    other: () => 7,
  },
  Mutation: {
    registerProject: (_: unknown, { input }: { input: { name: string } }) => ({
      project: { ...project('new'), name: input.name },
      consistencyToken: 'projects:Project:new@1',
      errors: [],
    }),
  },
  Project: { __resolveReference: ({ id }: { id: string }) => project(id) },
};

const COSTS_RESOLVERS = {
  Project: {
    __resolveReference: ({ id }: { id: string }) => ({ id }),
    costSheet: ({ id }: { id: string }) =>
      id === 'unknown' || id === 'new'
        ? null
        : {
            budget: Number(id.slice(1)) * 100,
            lines: [
              { amount: 1 },
              {
                amount: () => {
                  if (id === 'p2') throw refused('CONFLICT', 'Line is moving.');
                  return 2;
                },
              },
            ],
          },
    ceiling: () => 1000,
  },
};

type HeaderList = Readonly<Record<string, string>>;

export interface SampleCity {
  readonly projects: SampleSubgraph;
  readonly costs: SampleSubgraph;
  readonly gateway: StandingGateway;
  readonly supergraphFile: string;
  readonly sdl: string;
  readonly issuer: TestIssuer;
  /** The gateway's keys, as services know them. */
  readonly access: TestAccess;
  /** A director's `authorization`, which everything here sends unless its headers have another one. */
  readonly authorization: string;
  /** Posts an operation; the answer's status, body and headers. */
  ask(query: string, variables?: unknown, headers?: HeaderList): Promise<Answer>;
  /** Posts a body as it is. */
  post(path: string, body: string | Uint8Array<ArrayBuffer>, headers?: HeaderList): Promise<Answer>;
  fetch(
    path: string,
    init?: RequestInit & { readonly headers?: HeaderList; readonly duplex?: 'half' },
  ): Promise<Response>;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: {
    data?: unknown;
    errors?: { message: string; path?: unknown[]; extensions: Record<string, unknown> }[];
    extensions?: unknown;
  };
}

/** Two sample services and a gateway over them; with `down` nobody listens where the services should be. */
export async function sampleCity(env: Readonly<Record<string, string>> = {}): Promise<SampleCity> {
  const projects = await sampleSubgraph('projects', PROJECTS, PROJECTS_RESOLVERS);
  const costs = await sampleSubgraph('costs', COSTS, COSTS_RESOLVERS);
  const folder = await mkdtemp(join(tmpdir(), 'gateway-'));
  const supergraphFile = join(folder, 'supergraph.graphql');
  const composed = composeServices([projects, costs].map((one) => ({ name: one.name, typeDefs: parse(one.sdl) })));
  assertCompositionSuccess(composed);
  const sdl = composed.supergraphSdl;
  await replaceFile(supergraphFile, sdl);
  const issuer = await testIssuer();
  const access = await testAccess();
  const config = readConfig({
    PORT: '0',
    LOG_LEVEL: 'silent',
    SUPERGRAPH: supergraphFile,
    PROJECTS_URL: projects.origin,
    COSTS_URL: costs.origin,
    ...accessEnv(issuer, access),
    ...env,
  });
  const gateway = await standUpGateway(config);
  const authorization = `Bearer ${await issuer.token()}`;
  const ask: SampleCity['fetch'] = (path, { headers, ...init } = {}) =>
    fetch(gateway.url + path, { ...init, headers: { authorization, ...headers } });
  const post: SampleCity['post'] = async (path, body, headers) =>
    answerOf(await ask(path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } }));
  return {
    projects,
    costs,
    gateway,
    supergraphFile,
    sdl,
    issuer,
    access,
    authorization,
    ask: (query, variables, headers) => post('/graphql', JSON.stringify({ query, variables }), headers),
    post,
    fetch: ask,
    close: async () => {
      await gateway.close();
      await Promise.all([projects.stop(), costs.stop(), issuer.stop(), rm(folder, { recursive: true })]);
    },
  };
}

/** The settings by which a gateway knows an issuer, and its services know it. */
export const accessEnv = (issuer: Pick<TestIssuer, 'url'>, { signingKey }: TestAccess): Record<string, string> => ({
  OIDC_ISSUER: issuer.url,
  PRINCIPAL_SIGNING_KEY: JSON.stringify(signingKey),
});

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: text.startsWith('{') ? JSON.parse(text) : {},
  };
}

/** Puts a file in place whole, as a build does. */
export async function replaceFile(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}
