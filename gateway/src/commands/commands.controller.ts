import type { IncomingMessage, ServerResponse } from 'node:http';
import { Controller, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { currentScope, GRAPH_CODES, type GraphCode } from '@tongchou/service-shell';
import { Subgraphs } from '../subgraphs/subgraphs.ts';
import { Turnstile } from '../subgraphs/turnstile.ts';
import { passOn, type StreamFailure } from './command-stream.ts';

const MAX_STREAMS = 64;
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
      return answer(response, 'NOT_FOUND', `There is no service ${JSON.stringify(service.slice(0, 40))} here.`);
    const leave = await this.turnstile.enter(new AbortController().signal);
    if (!leave)
      return answer(response, 'RATE_LIMITED', `${MAX_STREAMS} requests are under way. Wait a second, then repeat.`);
    try {
      const headers = forwarded(request);
      const failure = await passOn({ request, response, path: '/v1/commands', headers, origins: subgraph.origins() });
      if (failure) answer(response, CODES[failure], `${service}: ${GRAPH_CODES[CODES[failure]].remedy}`);
    } finally {
      leave();
    }
  }
}

function forwarded(request: IncomingMessage): Record<string, string> {
  const names = ['content-type', 'content-length', 'content-encoding', 'accept'] as const;
  const scope = currentScope();
  const ids = scope ? { 'x-request-id': scope.requestId, traceparent: scope.traceparent } : {};
  return {
    ...Object.fromEntries(names.flatMap((name) => (request.headers[name] ? [[name, request.headers[name]]] : []))),
    ...ids,
  };
}

function answer(response: ServerResponse, code: GraphCode, message: string): void {
  if (response.headersSent || response.destroyed) return;
  const { status, retryable } = GRAPH_CODES[code];
  const requestId = currentScope()?.requestId ?? null;
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    connection: 'close',
    ...(retryable && { 'retry-after': '1' }),
  });
  response.end(JSON.stringify({ code, message, requestId, retryable }));
}
