import type { IncomingMessage } from 'node:http';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Response } from 'express';
import type { Logger } from 'pino';
import { AnswerError } from './answer-error.ts';
import { pageOf, type AnswerCode } from './error-codes.ts';
import { answerFor } from './format-error.ts';
import { letGo } from './let-go.ts';
import { currentScope } from './request-scope.ts';

interface Shown {
  readonly code: AnswerCode;
  readonly message: string;
  readonly status: number;
  readonly retryable: boolean;
}

const BY_STATUS: Readonly<Record<number, AnswerCode>> = {
  400: 'BAD_USER_INPUT',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'RATE_LIMITED',
};

const statusOf = (thrown: unknown): number | undefined => {
  if (thrown instanceof HttpException) return thrown.getStatus();
  // Errors of the body parser carry their status and whether their text may be shown.
  const status = thrown instanceof Error && 'status' in thrown ? thrown.status : undefined;
  return typeof status === 'number' && status < 500 ? status : undefined;
};

const page = (code: AnswerCode, message = pageOf(code).happened): Shown => ({ ...pageOf(code), code, message });

function shownFor(thrown: unknown): Shown {
  if (thrown instanceof AnswerError) return page(thrown.code, thrown.message);
  const status = statusOf(thrown);
  if (status !== undefined) return page(BY_STATUS[status] ?? 'BAD_USER_INPUT');
  const { code, message, retryable } = answerFor(thrown);
  return { ...page(code, message), retryable };
}

/** Every error of an HTTP route in one shape, `{"error":{code,message,service,requestId,retryable}}`, and nothing internal. */
@Catch()
export class HttpErrors implements ExceptionFilter {
  readonly #service: string;
  readonly #log: Pick<Logger, 'error'>;

  constructor(service: string, log: Pick<Logger, 'error'>) {
    this.#service = service;
    this.#log = log;
  }

  catch(thrown: unknown, host: ArgumentsHost): void {
    // A field of the graph: its errors are formatted with the answer.
    if (host.getType<string>() !== 'http') throw thrown;
    const http = host.switchToHttp();
    const response = http.getResponse<Response>();
    const shown = shownFor(thrown);
    const requestId = currentScope()?.requestId;
    if (shown.code === 'INTERNAL') this.#log.error({ err: thrown, requestId }, 'request failed');
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (shown.status === 503 || shown.status === 429) response.setHeader('retry-after', '1');
    const request = http.getRequest<IncomingMessage>();
    // Whoever is still sending must not put its next request behind the rest of this one.
    if (!request.complete) response.setHeader('connection', 'close');
    response.status(shown.status).json(this.#body(request, shown, requestId));
    letGo(request);
  }

  #body(request: IncomingMessage, { code, message, retryable }: Shown, requestId: string | undefined): object {
    const error = { code, service: this.#service, requestId, retryable };
    const isGraph = request.url?.split('?')[0] === '/graphql';
    return isGraph ? { errors: [{ message, extensions: error }] } : { error: { ...error, message } };
  }
}
