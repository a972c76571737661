import type { DynamicModule, Type } from '@nestjs/common';
import { ConfigFaults } from './config-faults.ts';
import { createLog, withoutSecrets } from './create-log.ts';
import { defineConfig, type ConfigOf, type Settings } from './define-config.ts';
import { giveBackWhenQuiet } from './give-back.ts';
import type { serviceSettings } from './service-settings.ts';
import { standUp, type Standing } from './stand-up.ts';

const EXIT_WITHIN_MS = 20_000;

/** A process that is one service. */
export interface ServiceProcess<Shape extends Settings> {
  readonly name: string;
  /** Those of every service, and what this one has besides. */
  readonly settings: Shape;
  readonly module: (config: ConfigOf<Shape>) => DynamicModule | Type;
}

/**
 * The life of a service process: settings, standing up, and an ordered end on SIGTERM or SIGINT (exit 0 within 20 s). Wrong
 * settings, a failed start and an error that nobody caught end it with 1 and say why.
 */
export async function runService<Shape extends ReturnType<typeof serviceSettings>>(
  service: ServiceProcess<Shape>,
): Promise<void> {
  const fail = failing(service.name);
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  try {
    const config = defineConfig(service.settings);
    const standing = await standUp(service.module(config), config);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void end(standing));
    giveBackWhenQuiet();
  } catch (error) {
    fail(error);
  }
}

async function end(standing: Standing): Promise<void> {
  setTimeout(() => process.exit(1), EXIT_WITHIN_MS).unref();
  await standing.close();
  process.exit(0);
}

function failing(service: string): (error: unknown) => void {
  return (error) => {
    if (error instanceof ConfigFaults) process.stderr.write(`${service}: ${withoutSecrets(error.message)}\n`);
    else createLog(service, 'fatal').fatal({ err: error }, 'ended by an error');
    process.exit(1);
  };
}
