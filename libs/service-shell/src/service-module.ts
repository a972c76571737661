import type { Provider } from '@nestjs/common';
import { topicOf } from '@tongchou/contracts';
import type { Logger } from 'pino';
import { BulkDoor } from './bulk-door.ts';
import { BulkDoorController } from './bulk-door.controller.ts';
import { CommandDoor } from './command-door.ts';
import { createLog } from './create-log.ts';
import { Disclosures } from './disclosure.ts';
import { DisclosurePlugin } from './disclosure-plugin.ts';
import { Engine } from './engine.ts';
import { HealthController } from './health.controller.ts';
import { hearingController } from './hearing.controller.ts';
import { loggerModule } from './logger-module.ts';
import { MetricsController } from './metrics.controller.ts';
import { Metrics } from './metrics.ts';
import { Mutations } from './mutations.ts';
import { OperationsController } from './operations.controller.ts';
import { Reads } from './reads.ts';
import { ReferenceDate } from './reference-date.ts';
import type { ServiceModule, ServiceParts } from './service-parts.ts';
import type { ServiceConfig } from './service-settings.ts';
import { subgraphModule } from './subgraph-module.ts';

/** The process's log, where a part of the shell needs it. */
export const LOG = Symbol('log');
/** The service's settings, typed `ServiceConfig`. */
export const CONFIG = Symbol('config');
/** What the service is made of, typed `ServiceParts`. */
export const PARTS = Symbol('parts');

/**
 * What a service's only `@Module` is made of: its parts, and everything that each service has. Resolvers may ask for
 * `Reads`, `Mutations`, `ReferenceDate`, `CommandDoor` and `Engine`; `CONFIG` gives the settings.
 */
export function serviceModule(parts: ServiceParts, config: ServiceConfig): ServiceModule {
  const log = createLog(parts.name, config.logLevel);
  return {
    imports: [loggerModule(log), subgraphModule(parts, log)],
    controllers: [
      BulkDoorController,
      HealthController,
      MetricsController,
      OperationsController,
      ...parts.listensTo.map((service) => hearingController(topicOf(service))),
      ...(parts.extraControllers ?? []),
    ],
    providers: [...shellProviders(parts, config, log), ...parts.resolvers, ...(parts.extraProviders ?? [])],
    exports: [],
  };
}

function shellProviders(parts: ServiceParts, config: ServiceConfig, log: Logger): Provider[] {
  return [
    { provide: LOG, useValue: log },
    { provide: CONFIG, useValue: config },
    { provide: PARTS, useValue: parts },
    { provide: Engine, useFactory: () => Engine.open(parts, config, log) },
    { provide: Metrics, inject: [Engine], useFactory: (engine: Engine) => engine.metrics },
    { provide: CommandDoor, inject: [Engine], useFactory: (engine: Engine) => engine.door },
    { provide: BulkDoor, inject: [CommandDoor], useFactory: (door: CommandDoor) => new BulkDoor(door) },
    {
      provide: Reads,
      inject: [Engine],
      useFactory: (engine: Engine) => new Reads(engine.gate, engine.store.dataSource),
    },
    { provide: Mutations, inject: [CommandDoor], useFactory: (door: CommandDoor) => new Mutations(door) },
    { provide: Disclosures, inject: [Engine], useFactory: (engine: Engine) => engine.disclosures },
    DisclosurePlugin,
    { provide: ReferenceDate, useFactory: () => new ReferenceDate(config) },
  ];
}
