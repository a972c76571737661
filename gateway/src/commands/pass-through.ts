import type { IncomingMessage, ServerResponse } from 'node:http';
import { Logger } from '@nestjs/common';
import { AnswerError, currentScope, GRAPH_CODES, type GraphCode } from '@tongchou/service-shell';
import type { Admission } from '../access/admission.ts';
import type { Subgraphs } from '../subgraphs/subgraphs.ts';
import { Turnstile } from '../subgraphs/turnstile.ts';
import { passOn, type StreamFailure } from './command-stream.ts';

const FORWARDED = ['content-type', 'content-length', 'content-encoding', 'accept'] as const;
const CODES: Readonly<Record<StreamFailure, GraphCode>> = {
  unreachable: 'SUBGRAPH_UNAVAILABLE',
  silent: 'SUBGRAPH_TIMEOUT',
  disbelieved: 'SUBGRAPH_UNAVAILABLE',
};

const log = new Logger('pass-through');

interface Limits {
  /** Requests under way at once. */
  readonly most: number;
  /** How long a service may say nothing. */
  readonly idleMs: number;
}

/** One request for a service, with the path that it has there. */
export interface Passed {
  readonly service: string;
  readonly path: string;
  /** The instance that is meant, by its place in the setting from 1; any when not said. */
  readonly member?: number | undefined;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Passes requests to the services as they come, with the word of the gateway for who sends them in place of their token. */
export class PassThrough {
  private readonly turnstile: Turnstile;

  constructor(
    private readonly subgraphs: Subgraphs,
    private readonly admission: Admission,
    private readonly limits: Limits,
  ) {
    this.turnstile = new Turnstile(limits.most, 0);
  }

  /** Resolves when it is over. Throws `AnswerError` when nothing was answered. */
  async pass({ service, path, member, request, response }: Passed): Promise<void> {
    const caller = this.admission.callerOf(request);
    if (!caller) throw new AnswerError('UNAUTHENTICATED', GRAPH_CODES.UNAUTHENTICATED.happened);
    const subgraph = this.subgraphs.get(service);
    if (!subgraph)
      throw new AnswerError('NOT_FOUND', `There is no service ${JSON.stringify(service.slice(0, 40))} here.`);
    const origins = subgraph.origins(member);
    if (origins.length === 0) throw new AnswerError('NOT_FOUND', `There is no instance ${member} of ${service} here.`);
    const { most, idleMs } = this.limits;
    const leave = await this.turnstile.enter(new AbortController().signal);
    if (!leave) throw new AnswerError('RATE_LIMITED', `${most} such requests are under way. Repeat a little later.`);
    try {
      const headers = { ...forwarded(request), ...(await caller.headersFor(service)) };
      const failure = await passOn({ request, response, path, headers, idleMs, origins });
      if (failure === 'disbelieved')
        log.error(`${service} does not believe this gateway: compare PRINCIPAL_KEYS there`);
      if (failure) throw unanswered(service, CODES[failure], response);
    } finally {
      leave();
    }
  }
}

function forwarded({ headers, method }: IncomingMessage): Record<string, string> {
  const names = method === 'POST' ? FORWARDED : (['accept'] as const);
  const given = names.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]]));
  const scope = currentScope();
  return { ...Object.fromEntries(given), ...(scope && { traceparent: scope.traceparent }) };
}

function unanswered(service: string, code: GraphCode, response: ServerResponse): AnswerError {
  // What was not read of the request would be taken for the next one.
  response.setHeader('connection', 'close');
  return new AnswerError(code, `${service}: ${GRAPH_CODES[code].happened}`);
}
