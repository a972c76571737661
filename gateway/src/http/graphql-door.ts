import type { IncomingMessage, ServerResponse } from 'node:http';
import { currentScope, GRAPH_CODES, wireFault, type GraphCode } from '@tongchou/service-shell';
import { checkDocument, checkVariables, DocumentRefused } from './document-limits.ts';
import { BodyRefused, readJsonBody } from './read-body.ts';

type Body = Readonly<Record<string, unknown>>;

/**
 * What stands before the GraphQL server: reads the body within its limit, and refuses what is too large or makes no sense
 * before anything is planned.
 */
export async function graphqlDoor(
  request: IncomingMessage & { body?: unknown },
  response: ServerResponse,
  next: () => void,
): Promise<void> {
  try {
    const operation = request.method === 'POST' ? await readJsonBody(request) : fromAddress(request);
    checkOperation(operation);
    if (request.method === 'POST') request.body = operation;
  } catch (error) {
    refuse(response, error);
    return;
  }
  next();
}

function fromAddress(request: IncomingMessage): Body {
  const { searchParams } = new URL(request.url ?? '/', 'http://gateway');
  return { query: searchParams.get('query') ?? undefined };
}

function checkOperation({ query, variables }: Body): void {
  if (typeof query === 'string') checkDocument(query);
  const fault = wireFault(variables ?? {});
  if (fault) throw new BodyRefused(400, `${['variables', ...fault.path].join('.')} ${fault.message}.`);
  checkVariables(variables);
}

function refuse(response: ServerResponse, error: unknown): void {
  if (error instanceof BodyRefused) {
    const code = error.status === 413 ? 'COST_LIMIT_EXCEEDED' : 'BAD_USER_INPUT';
    // What was not read of the body would be taken for the next request.
    response.setHeader('connection', 'close');
    return answer(response, error.status, code, error.message);
  }
  if (error instanceof DocumentRefused) return answer(response, 400, error.code, error.message);
  return answer(response, 500, 'INTERNAL', GRAPH_CODES.INTERNAL.happened);
}

function answer(response: ServerResponse, status: number, code: GraphCode, message: string): void {
  const extensions = {
    code,
    service: 'gateway',
    requestId: currentScope()?.requestId ?? null,
    retryable: GRAPH_CODES[code].retryable,
  };
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify({ errors: [{ message, extensions }] }));
}
