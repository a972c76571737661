import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { grantFor, POLICY, type Policy } from '@tongchou/access';
import type { Request } from 'express';
import { forbidden } from './forbidden.ts';
import { METRICS_ROUTE, OPEN_ROUTES } from './open-routes.ts';
import { currentScope } from './request-scope.ts';

/** What a route is called in the policy. A HEAD is answered by the GET's handler. */
export const routeAction = (method: string, path: string): string =>
  `route ${method.toUpperCase().replace(/^HEAD$/, 'GET')} ${path}`;

/** Lets a request through to a controller only by the policy of its route. Fields of the graph have policies of their own. */
export class RouteGuard implements CanActivate {
  readonly #policy: Policy;

  constructor(policy: Policy = POLICY) {
    this.#policy = policy;
  }

  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const request = context.switchToHttp().getRequest<Request>();
    const route: unknown = request.route;
    const path = typeof route === 'object' && route !== null && 'path' in route ? String(route.path) : '';
    if (OPEN_ROUTES.includes(path)) return true;
    const { principal, scrapes } = currentScope() ?? {};
    if (scrapes && path === METRICS_ROUTE) return true;
    if (principal && grantFor(principal, routeAction(request.method, path), this.#policy)) return true;
    throw forbidden();
  }
}
