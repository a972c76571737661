import type { Server } from 'node:http';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createLog, drained, HttpErrors, inStages, nestLog, scopeMiddleware } from '@tongchou/service-shell';
import { Admission } from './access/admission.ts';
import { RouteGuard } from './access/route-guard.ts';
import type { GatewayConfig } from './config.ts';
import { GatewayModule } from './gateway.module.ts';
import { GraphMeter } from './http/graph-meter.ts';
import { graphqlDoor } from './http/graphql-door.ts';
import { Subgraphs } from './subgraphs/subgraphs.ts';

const CORS_HEADERS = [
  ...['authorization', 'content-type', 'x-request-id', 'traceparent'],
  ...['x-consistency-at-least', 'x-consistency-mode'],
];
const CORS_KEPT_S = 600;

type Log = ReturnType<typeof createLog>;

/** A gateway that listens. */
export interface StandingGateway {
  /** Origin without a path. */
  readonly url: string;
  /** Takes no new request, answers those under way, then ends the connections to the services; at most 15 s. */
  close(): Promise<void>;
}

/**
 * Starts a gateway, whether its services are up or not. Throws when the supergraph cannot be served or the port is taken;
 * nothing is left open then.
 */
export async function standUpGateway(config: GatewayConfig): Promise<StandingGateway> {
  const log = createLog('gateway', config.logLevel);
  const module = await GatewayModule.of(config, log);
  const app = await NestFactory.create<NestExpressApplication>(module, {
    bodyParser: false,
    abortOnError: false,
    logger: nestLog(log),
  });
  const close = closing(app, log);
  try {
    open(app, config, log);
    await app.listen(config.port, config.host);
  } catch (error) {
    await close();
    throw error;
  }
  const url = await app.getUrl();
  log.info({ url }, 'the gateway is ready');
  return { url, close };
}

function open(app: NestExpressApplication, config: GatewayConfig, log: Log): void {
  app.disable('x-powered-by');
  app.use(scopeMiddleware);
  if (config.corsOrigins.length > 0) {
    app.enableCors({
      origin: [...config.corsOrigins],
      methods: ['GET', 'POST'],
      allowedHeaders: CORS_HEADERS,
      exposedHeaders: ['x-request-id', 'retry-after'],
      maxAge: CORS_KEPT_S,
    });
  }
  const meter = app.get(GraphMeter);
  const admission = app.get(Admission);
  app.use('/graphql', meter.graph);
  app.use('/v1', meter.commands);
  app.use(admission.middleware);
  app.use('/graphql', graphqlDoor);
  app.useGlobalGuards(new RouteGuard(admission));
  app.useGlobalFilters(new HttpErrors('gateway', log));
}

function closing(app: NestExpressApplication, log: Log): () => Promise<void> {
  let ended: Promise<void> | undefined;
  const server: Server = app.getHttpServer();
  return () =>
    (ended ??= inStages(log, [
      { name: 'requests', withinMs: 11_000, end: () => drained(server), force: () => server.closeAllConnections() },
      { name: 'doors', withinMs: 2_000, end: () => app.close() },
      { name: 'connections', withinMs: 2_000, end: () => app.get(Subgraphs).close() },
    ]));
}
