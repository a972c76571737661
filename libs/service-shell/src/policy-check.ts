import type { NestExpressApplication } from '@nestjs/platform-express';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import { withoutPolicy } from '@tongchou/access';
import { z } from 'zod';
import { actionsOfSchema } from './guarded-schema.ts';
import { OPEN_ROUTES } from './open-routes.ts';
import { routeAction } from './route-guard.ts';
import type { ServiceParts } from './service-parts.ts';

/** As Express keeps what it has registered. A layer without a route runs before all, or is the graph's door. */
const layers = z.array(
  z.object({
    route: z.object({ path: z.string(), methods: z.record(z.string(), z.boolean()) }).optional(),
  }),
);

/** Where Nest puts middleware that runs before all routes: the log. A handler there would be refused as any without a policy. */
const EVERY_PATH = '{/*splat}';

const express = z.object({ router: z.object({ stack: layers }) });

function routesOf(app: NestExpressApplication): string[] {
  const { router } = express.parse({ router: { stack: stackOf(app) } });
  return router.stack.flatMap(({ route }) => {
    if (!route || route.path === EVERY_PATH || OPEN_ROUTES.includes(route.path)) return [];
    return Object.keys(route.methods).map((method) => routeAction(method, route.path));
  });
}

const stackOf = (app: NestExpressApplication): unknown => app.getHttpAdapter().getInstance().router.stack;

/**
 * Refuses to start with anything that can be asked for and that no policy speaks of: root fields, entities, commands of
 * every table, routes. Throws an error that lists them all.
 */
export function refuseWithoutPolicy(app: NestExpressApplication, { name, aggregates, policy }: ServiceParts): void {
  const { schema } = app.get(GraphQLSchemaHost, { strict: false });
  const commands = aggregates.flatMap(({ definitions }) => Object.keys(definitions));
  const actions = [...actionsOfSchema(schema), ...commands.map((one) => `command ${one}`), ...routesOf(app)];
  const missing = withoutPolicy(actions, policy);
  if (missing.length === 0) return;
  throw new Error(
    `${missing.length} things of ${name} have no policy, so nothing was started:\n${missing.map((one) => `  ${one}`).join('\n')}\nSay in libs/access/src/policy-table.ts which roles may do them.`,
  );
}
