import type { IncomingMessage, ServerResponse } from 'node:http';
import { Controller, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { AnswerError, currentScope, GRAPH_CODES, type GraphCode } from '@tongchou/service-shell';
import { Subgraphs } from '../subgraphs/subgraphs.ts';
import { Turnstile } from '../subgraphs/turnstile.ts';
import { passOn, type StreamFailure } from './command-stream.ts';

const MAX_STREAMS = 64;
const FORWARDED = ['content-type', 'content-length', 'content-encoding', 'accept'] as const;
const CODES: Readonly<Record<StreamFailure, GraphCode>> = {
  unreachable: 'SUBGRAPH_UNAVAILABLE',
  silent: 'SUBGRAPH_TIMEOUT',
};

/** The bulk doors of the services, each under its name: what a service takes and answers passes through as it is. */
@Controller('v1')
export class CommandsController {
  private readonly turnstile = new Turnstile(MAX_STREAMS, 0);

  constructor(@Inject(Subgraphs) private readonly subgraphs: Subgraphs) {}

  @Post(':service/commands')
  async pass(
    @Param('service') service: string,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    const subgraph = this.subgraphs.get(service);
    if (!subgraph)
      throw new AnswerError('NOT_FOUND', `There is no service ${JSON.stringify(service.slice(0, 40))} here.`);
    const leave = await this.turnstile.enter(new AbortController().signal);
    if (!leave)
      throw new AnswerError('RATE_LIMITED', `${MAX_STREAMS} bulk requests are under way. Repeat a little later.`);
    try {
      const headers = forwarded(request);
      const failure = await passOn({ request, response, path: '/v1/commands', headers, origins: subgraph.origins() });
      if (failure) throw unanswered(service, CODES[failure], response);
    } finally {
      leave();
    }
  }
}

function forwarded({ headers }: IncomingMessage): Record<string, string> {
  const given = FORWARDED.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]]));
  const scope = currentScope();
  return {
    ...Object.fromEntries(given),
    ...(scope && { 'x-request-id': scope.requestId, traceparent: scope.traceparent }),
  };
}

function unanswered(service: string, code: GraphCode, response: ServerResponse): AnswerError {
  // What was not read of the request would be taken for the next one.
  response.setHeader('connection', 'close');
  return new AnswerError(code, `${service}: ${GRAPH_CODES[code].happened}`);
}
