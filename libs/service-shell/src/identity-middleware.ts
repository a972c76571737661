import { PRINCIPAL_HEADER, principalVerifier, sameSecret, TokenFault, type PrincipalVerifier } from '@tongchou/access';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { AnswerError } from './answer-error.ts';
import { GRAPH_CODES } from './error-codes.ts';
import { METRICS_ROUTE, OPEN_ROUTES } from './open-routes.ts';
import { currentScope, type RequestScope } from './request-scope.ts';
import type { ServiceConfig } from './service-settings.ts';

/** Whether the request asks for the figures with the scrape token; compared in the same time whatever was sent. */
function scrapes({ path, method, headers }: Request, token: string | undefined): boolean {
  if (path !== METRICS_ROUTE || method !== 'GET' || token === undefined) return false;
  const given = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
  return sameSecret(given, token);
}

async function identify(verify: PrincipalVerifier, request: Request, scope: RequestScope): Promise<void> {
  const token = request.headers[PRINCIPAL_HEADER];
  scope.principal = await verify(typeof token === 'string' ? token : undefined, scope.requestId);
}

/**
 * Lets in whom the gateway has signed for this service and this request, before a byte of the body is read. Every fault has
 * the same answer; its reason stands in the log only.
 */
export function identityMiddleware(
  service: string,
  { principalKeys, metricsToken }: Pick<ServiceConfig, 'principalKeys' | 'metricsToken'>,
  log: Pick<Logger, 'info'>,
): RequestHandler {
  const verify = principalVerifier(principalKeys, service);
  return (request: Request, _: Response, next: NextFunction): void => {
    const scope = currentScope();
    if (!scope) throw new Error('A request has a scope before anybody asks who it is');
    if (OPEN_ROUTES.includes(request.path)) return next();
    if (scrapes(request, metricsToken)) {
      scope.scrapes = true;
      return next();
    }
    identify(verify, request, scope).then(
      () => next(),
      (error: unknown) => {
        const why = error instanceof TokenFault ? error.why : 'the token could not be read';
        log.info({ why, requestId: scope.requestId, path: request.path }, 'nobody was let in');
        next(new AnswerError('UNAUTHENTICATED', GRAPH_CODES.UNAUTHENTICATED.happened));
      },
    );
  };
}
