import type { NextFunction, Request, Response } from 'express';
import { openScope, runInScope } from './request-scope.ts';

/** Opens the request's scope before anything else runs, and tells the caller its id. */
export function scopeMiddleware(request: Request, response: Response, next: NextFunction): void {
  const scope = openScope(request.headers);
  response.setHeader('x-request-id', scope.requestId);
  runInScope(scope, next);
}
