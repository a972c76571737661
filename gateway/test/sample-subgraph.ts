import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSubgraphSchema, type GraphQLResolverMap } from '@apollo/subgraph';
import { graphql, parse } from 'graphql';

/** What a service does with a request: answer as it should, or one of the ways in which services fail. */
export type Mood = 'well' | 'frozen' | 'html' | 'garbage' | 'half' | 'reset' | 'huge' | 'disbelieving';

type Resolvers = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface Heard {
  readonly headers: IncomingHttpHeaders;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** A real HTTP server over a real subgraph schema, that fails on demand. */
export interface SampleSubgraph {
  readonly name: string;
  readonly sdl: string;
  readonly origin: string;
  /** Requests since the last `forget`. */
  readonly heard: readonly Heard[];
  mood: Mood;
  /** Sent beside the data. */
  extensions: Readonly<Record<string, unknown>> | undefined;
  forget(): void;
  /** Stops listening, so that nobody takes connections there. */
  stop(): Promise<void>;
  /** Listens again at the same port. */
  start(): Promise<void>;
}

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])\n';

export async function sampleSubgraph(name: string, schema: string, resolvers: Resolvers): Promise<SampleSubgraph> {
  const sdl = LINK + schema;
  const heard: Heard[] = [];
  const executable = buildSubgraphSchema([
    { typeDefs: parse(sdl), resolvers: resolvers as GraphQLResolverMap<unknown> },
  ]);
  const sample = { mood: 'well' as Mood, extensions: undefined as SampleSubgraph['extensions'] };

  const answer = async (body: Heard, response: ServerResponse): Promise<void> => {
    heard.push(body);
    if (sample.mood !== 'well') return misbehave(sample.mood, response);
    const result = await graphql({ schema: executable, source: body.query, variableValues: body.variables });
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ ...result, ...(sample.extensions && { extensions: sample.extensions }) }));
  };
  const server = createServer((request, response) => {
    if (request.method === 'GET') return void (sample.mood === 'frozen' || response.end('{"status":"live"}'));
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on(
      'end',
      () => void answer({ ...JSON.parse(Buffer.concat(chunks).toString()), headers: request.headers }, response),
    );
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return Object.assign(sample, {
    name,
    sdl,
    origin: `http://127.0.0.1:${port}`,
    heard,
    forget: () => void heard.splice(0),
    start: () => listen(port),
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

function misbehave(mood: Exclude<Mood, 'well'>, response: ServerResponse): void {
  if (mood === 'frozen') return;
  if (mood === 'reset') response.socket?.destroy();
  if (mood === 'html')
    response.writeHead(500, { 'content-type': 'text/html' }).end('<h1>at /srv/secret.js:12 10.1.2.3:5432</h1>');
  if (mood === 'disbelieving')
    response
      .writeHead(401, { 'content-type': 'application/json' })
      .end('{"errors":[{"message":"Who?","extensions":{"code":"UNAUTHENTICATED"}}]}');
  if (mood === 'garbage')
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"data": "yes", "errors": 7}');
  if (mood === 'half') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' }).write('{"data": {');
    setImmediate(() => response.socket?.destroy());
  }
  if (mood === 'huge') {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"data":{"x":"');
    const more = (): void => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  }
}
