import type { IncomingMessage, ServerResponse } from 'node:http';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { openScope, runInScope } from '@tongchou/service-shell';
import { Logger } from 'nestjs-pino';
import type { GatewayConfig } from './config.ts';
import { GatewayModule } from './gateway.module.ts';
import { graphqlDoor } from './http/graphql-door.ts';

const CORS_HEADERS = ['content-type', 'x-request-id', 'traceparent', 'x-consistency-at-least', 'x-consistency-mode'];
const CORS_KEPT_S = 600;

/** A gateway that listens. */
export interface StandingGateway {
  readonly url: string;
  readonly app: NestExpressApplication;
}

/**
 * Starts a gateway, whether its services are up or not. Throws when the supergraph cannot be served or the port is taken.
 * Closing the app takes no new request, lets those under way end, then ends the connections to the services.
 */
export async function standUpGateway(config: GatewayConfig): Promise<StandingGateway> {
  const app = await NestFactory.create<NestExpressApplication>(GatewayModule.of(config), {
    bodyParser: false,
    bufferLogs: true,
    abortOnError: false,
  });
  app.useLogger(app.get(Logger));
  app.disable('x-powered-by');
  app.use(openRequest);
  if (config.corsOrigins.length > 0) {
    app.enableCors({
      origin: [...config.corsOrigins],
      methods: ['GET', 'POST'],
      allowedHeaders: CORS_HEADERS,
      exposedHeaders: ['x-request-id', 'retry-after'],
      maxAge: CORS_KEPT_S,
    });
  }
  app.use('/graphql', graphqlDoor);
  await app.listen(config.port, config.host);
  return { url: await app.getUrl(), app };
}

function openRequest(request: IncomingMessage, response: ServerResponse, next: () => void): void {
  const scope = openScope(request.headers);
  response.setHeader('x-request-id', scope.requestId);
  if (request.url?.startsWith('/graphql')) response.setHeader('cache-control', 'no-store');
  runInScope(scope, next);
}
