import type { Server } from 'node:http';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Logger } from 'pino';
import { BulkDoor } from './bulk-door.ts';
import { drained } from './drained.ts';
import { Engine } from './engine.ts';
import { HttpErrors } from './http-errors.ts';
import { inStages } from './in-stages.ts';
import { nestLog } from './nest-log.ts';
import { identityMiddleware } from './identity-middleware.ts';
import { refuseWithoutPolicy } from './policy-check.ts';
import { RouteGuard } from './route-guard.ts';
import { scopeMiddleware } from './scope-middleware.ts';
import { CONFIG, LOG, PARTS } from './service-module.ts';
import type { ServiceParts } from './service-parts.ts';
import type { ServiceConfig } from './service-settings.ts';

/** Everything but the bulk door, which has limits of its own. */
const BODY_MAX = '256kb';

/** A service that stands: where it listens, and how it ends. */
export interface Standing {
  /** Origin without a path. */
  readonly url: string;
  /** Fulfilled when it has lost for good what it cannot do its work without; it should be closed then. */
  readonly lost: Promise<Error>;
  /** Ends in order, within 20 s: requests under way are answered, then receiving, relay, policies and runner stop. */
  close(): Promise<void>;
}

/**
 * Boots a service: connects and migrates, starts what moves facts, and listens. One log line says where.
 * Throws when a database is away, a migration fails, the port is taken, or something can be asked for that no policy speaks
 * of; nothing is left open then.
 */
export async function standUp(
  module: DynamicModule | Type,
  config: Pick<ServiceConfig, 'host' | 'port'>,
): Promise<Standing> {
  const app = await NestFactory.create<NestExpressApplication>(module, {
    bodyParser: false,
    abortOnError: false,
    logger: false,
  });
  const log = app.get<Logger>(LOG);
  const engine = app.get(Engine);
  const close = closing(app, engine, log);
  try {
    await open(app, engine, log);
    await app.listen(config.port, config.host);
  } catch (error) {
    await close();
    throw taken(error) ? new Error(`Port ${config.port} is taken: end what listens there, or set PORT.`) : error;
  }
  const url = await app.getUrl();
  log.info({ url, hears: engine.topics }, `${engine.name} is ready`);
  return { url, lost: engine.lost, close };
}

const taken = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'EADDRINUSE';

async function open(app: NestExpressApplication, engine: Engine, log: Logger): Promise<void> {
  app.useLogger(nestLog(log));
  app.disable('x-powered-by');
  app.use(scopeMiddleware);
  app.use(identityMiddleware(engine.name, app.get<ServiceConfig>(CONFIG), log));
  app.useBodyParser('json', { limit: BODY_MAX });
  app.useGlobalFilters(new HttpErrors(engine.name, log));
  if (engine.topics.length > 0) app.connectMicroservice({ strategy: engine.transport });
  const parts = app.get<ServiceParts>(PARTS);
  app.useGlobalGuards(new RouteGuard(parts.policy));
  await app.init();
  refuseWithoutPolicy(app, parts);
  await engine.start();
  await app.startAllMicroservices();
}

function closing(app: NestExpressApplication, engine: Engine, log: Logger): () => Promise<void> {
  let ended: Promise<void> | undefined;
  const server: Server = app.getHttpServer();
  return () =>
    (ended ??= inStages(log, [
      {
        name: 'requests',
        withinMs: 9_000,
        end: () => {
          engine.beginStopping();
          app.get(BulkDoor).stop();
          return drained(server);
        },
        force: () => server.closeAllConnections(),
      },
      { name: 'receiving', withinMs: 3_000, end: () => engine.transport.close() },
      { name: 'relay, policies, runner', withinMs: 4_000, end: () => engine.stop() },
      { name: 'doors', withinMs: 1_000, end: () => app.close() },
      { name: 'connections', withinMs: 2_000, end: () => engine.disconnect() },
    ]));
}
