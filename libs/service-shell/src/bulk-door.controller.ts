import { Controller, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { AnswerError } from './answer-error.ts';
import { BulkDoor } from './bulk-door.ts';
import { forbidden } from './forbidden.ts';
import { letGo } from './let-go.ts';
import { NDJSON_LIMITS } from './ndjson-lines.ts';
import { currentScope } from './request-scope.ts';
import type { Verdict } from './verdict.ts';

export const NDJSON_TYPES = ['application/x-ndjson', 'application/ndjson'];

/** Requests under way at once; each may hold a line and its verdicts in memory. */
const REQUESTS_MAX = 32;

/** `POST /v1/commands`: the bulk door over HTTP. */
@Controller('v1/commands')
export class BulkDoorController {
  readonly #door: BulkDoor;
  #underWay = 0;

  constructor(door: BulkDoor) {
    this.#door = door;
  }

  @Post()
  async run(@Req() request: Request, @Res() response: Response): Promise<void> {
    check(request);
    if (this.#underWay >= REQUESTS_MAX) {
      throw new AnswerError(
        'RATE_LIMITED',
        `At most ${REQUESTS_MAX} bulk requests run at once. Repeat a little later.`,
      );
    }
    this.#underWay += 1;
    try {
      await this.#answer(request, response);
    } finally {
      this.#underWay -= 1;
    }
  }

  async #answer(request: Request, response: Response): Promise<void> {
    const scope = currentScope();
    if (!scope?.principal) throw forbidden();
    const { requestId, traceparent, principal } = scope;
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    response
      .status(200)
      .setHeader('content-type', NDJSON_TYPES[0] ?? '')
      .setHeader('cache-control', 'no-store');
    const out = verdictWriter(response);
    try {
      await this.#door.run({
        lines: request.iterator({ destroyOnReturn: false }),
        answer: out.add,
        principal,
        correlationId: requestId,
        traceparent,
        signal: gone.signal,
      });
    } catch (error) {
      // A client that went away in the middle: what had begun is stored, its keys tell at the retry.
      if (!gone.signal.aborted && !request.errored) throw error;
      return;
    }
    out.flush();
    response.end();
    letGo(request);
  }
}

function check(request: Request): void {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type === undefined || !NDJSON_TYPES.includes(type)) {
    throw new AnswerError('UNSUPPORTED_MEDIA_TYPE', `Send newline-delimited JSON as ${NDJSON_TYPES[0]}.`);
  }
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new AnswerError('UNSUPPORTED_MEDIA_TYPE', 'Send the lines uncompressed.');
  }
  if (Number(request.headers['content-length'] ?? 0) > NDJSON_LIMITS.requestBytes) {
    throw new AnswerError('PAYLOAD_TOO_LARGE', `A request takes at most ${NDJSON_LIMITS.requestBytes} bytes.`);
  }
}

/** Joins the verdicts of one turn of the event loop into one write. */
function verdictWriter(response: Response) {
  let text = '';
  const flush = (): void => {
    if (text !== '' && !response.destroyed) response.write(text);
    text = '';
  };
  const add = (verdict: Verdict & { readonly line: number }): void => {
    if (text === '') setImmediate(flush);
    text += `${JSON.stringify(verdict)}\n`;
  };
  return { add, flush };
}
