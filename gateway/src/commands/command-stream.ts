import { request as requestHttp, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as requestHttps } from 'node:https';

const CONNECT_TIMEOUT_MS = 1_000;
const UNREAD_GRACE_MS = 1_000;
/** A body up to this size can be sent once more. */
const KEPT_BYTES = 262_144;
const ANSWERED_HEADERS = ['content-type', 'retry-after'] as const;

/** How a stream ended that no answer of the service stands behind. */
export type StreamFailure = 'unreachable' | 'silent' | 'disbelieved';

/** One request of a client, passed on to the first of some origins that takes the connection. */
export interface CommandStream {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly origins: readonly string[];
  /** How long the service may say nothing. */
  readonly idleMs: number;
}

/**
 * Passes a client's request to a service and the service's answer back, both as they come: a slow side slows the other.
 * Where the connection breaks before any answer, a request that is small enough goes to the next origin once more: the
 * commands in it have keys, and an operator's wish may be told twice. When the client goes, the service's side is cut; when the service fails in the middle of its
 * answer, the client's is, so that half an answer is never taken for a whole one. Resolves when it is over, to the reason
 * when nothing has been answered yet.
 */
export async function passOn(stream: CommandStream): Promise<StreamFailure | undefined> {
  const body = keep(stream.request);
  for (const origin of stream.origins) {
    const upstream = await connect(stream, origin);
    if (stream.response.destroyed) return upstream?.destroy() && undefined;
    if (!upstream) continue;
    const failure = await exchange(stream, upstream, body);
    if (failure !== 'unreachable' || !body.whole) return failure;
  }
  return 'unreachable';
}

/** What was read of a request so far. */
interface Body {
  readonly read: Buffer[];
  /** False once it is more than is kept. */
  whole: boolean;
}

function keep(request: IncomingMessage): Body {
  const body: Body = { read: [], whole: true };
  let bytes = 0;
  // Begins to flow with the first pipe, not here.
  request.pause();
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > KEPT_BYTES) {
      body.whole = false;
      body.read.length = 0;
    } else body.read.push(chunk);
  });
  return body;
}

/** What was read before, then the rest as it comes. */
function send(request: IncomingMessage, upstream: ClientRequest, body: Body): void {
  for (const chunk of body.read) upstream.write(chunk);
  if (request.readableEnded) upstream.end();
  else request.pipe(upstream);
}

/** A request whose connection stands and of which nothing was sent; `undefined` when nobody takes the connection. */
function connect({ request, path, headers }: CommandStream, origin: string): Promise<ClientRequest | undefined> {
  const url = new URL(path, origin);
  const open = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve) => {
    // A service told to close would do so after an early refusal, and what we still send would drown the refusal.
    const kept = { ...headers, connection: 'keep-alive' };
    const upstream = open(url, { method: request.method, headers: kept, agent: false });
    const timer = setTimeout(() => upstream.destroy(new Error('no connection in time')), CONNECT_TIMEOUT_MS);
    const settle = (answer: ClientRequest | undefined) => (): void => {
      clearTimeout(timer);
      resolve(answer);
    };
    const secure = url.protocol === 'https:' ? 'secureConnect' : 'connect';
    upstream.once('socket', (socket) => socket.once(secure, settle(upstream)));
    upstream.once('error', settle(undefined));
  });
}

function exchange(stream: CommandStream, upstream: ClientRequest, body: Body): Promise<StreamFailure | undefined> {
  const { request, response } = stream;
  return new Promise((resolve) => {
    let failure: StreamFailure = 'unreachable';
    const fail = (): void => {
      request.unpipe(upstream);
      if (response.headersSent) response.destroy();
      resolve(response.headersSent ? undefined : failure);
    };
    response.once('close', () => {
      upstream.destroy();
      leaveUnread(request);
      resolve(undefined);
    });
    upstream.setTimeout(stream.idleMs, () => {
      failure = 'silent';
      upstream.destroy(new Error('silent'));
    });
    // Once the service answers, how the rest of the request fares is its business.
    upstream.on('error', () => !response.headersSent && fail());
    upstream.once('response', (answer) => {
      // It is the gateway that it does not believe: the client has proven who it is.
      if (answer.statusCode === 401) {
        failure = 'disbelieved';
        fail();
        return void upstream.destroy();
      }
      const headers = ANSWERED_HEADERS.flatMap((name) => (answer.headers[name] ? [[name, answer.headers[name]]] : []));
      response.writeHead(answer.statusCode ?? 502, Object.fromEntries(headers));
      response.flushHeaders();
      answer.once('error', fail);
      answer.pipe(response);
    });
    // A body for which a method has no place would stand behind the request as if it were another one.
    if (request.method === 'POST') send(request, upstream, body);
    else upstream.end();
  });
}

/** A service may refuse before it has read everything; the rest must not stand on the connection for ever. */
function leaveUnread(request: IncomingMessage): void {
  if (request.complete) return;
  request.unpipe();
  request.resume();
  setTimeout(() => request.complete || request.destroy(), UNREAD_GRACE_MS).unref();
}
