import type { IncomingMessage } from 'node:http';
import { roleFor, withoutPolicy } from '@tongchou/access';
import { type CanActivate, type ExecutionContext, RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { forbidden } from '@tongchou/service-shell';
import type { Admission } from './admission.ts';

/** Needs nobody: the admission lets exactly these paths through. */
const OPEN = /^route GET \/(?:health\/|graphiql\b)/;
/** Judged by the service to which it is passed, which knows what the request would do. */
const PASSED_ON = /^route (?:GET|POST) \/v1\/:service\/(?:commands|operations\/\*rest)$/;
const METRICS = 'route GET /metrics';

const partOf = (path: unknown): string => (typeof path === 'string' ? path.replace(/^\/|\/$/g, '') : '');

function actionOf(controller: Type, handler: object): string {
  const method: RequestMethod = Reflect.getMetadata(METHOD_METADATA, handler) ?? RequestMethod.ALL;
  const parts = [controller, handler].map((one) => partOf(Reflect.getMetadata(PATH_METADATA, one)));
  return `route ${RequestMethod[method]} /${parts.filter((part) => part !== '').join('/')}`;
}

/** Default deny: a route of the gateway itself is answered to roles of its rule, and to nobody when it has none. */
export class RouteGuard implements CanActivate {
  constructor(private readonly admission: Admission) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<IncomingMessage>();
    const action = actionOf(context.getClass(), context.getHandler());
    const caller = this.admission.callerOf(request);
    if (OPEN.test(action)) return true;
    if (action === METRICS && this.admission.isScrape(request)) return true;
    if (caller && (PASSED_ON.test(action) || roleFor(caller.principal, action))) return true;
    throw forbidden();
  }
}

/** Throws when a route of these controllers is neither open, nor passed on, nor in the policy. */
export function checkRoutes(controllers: readonly Type[]): void {
  const actions = controllers.flatMap((controller) =>
    Object.values(Object.getOwnPropertyDescriptors(controller.prototype)).flatMap(({ value }) =>
      // The class itself stands among them, with the path of the controller.
      typeof value === 'function' && value !== controller && Reflect.hasMetadata(PATH_METADATA, value)
        ? [actionOf(controller, value)]
        : [],
    ),
  );
  const unruled = withoutPolicy(actions.filter((action) => !OPEN.test(action) && !PASSED_ON.test(action)));
  if (unruled.length > 0) throw new Error(`No policy says who may do this: ${unruled.join(', ')}.`);
}
