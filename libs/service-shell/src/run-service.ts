import type { DynamicModule, Type } from '@nestjs/common';
import { busFaults } from './bus-settings.ts';
import { defineConfig, type ConfigOf, type Settings } from './define-config.ts';
import { giveBackWhenQuiet } from './give-back.ts';
import { runProcess } from './run-process.ts';
import type { serviceSettings } from './service-settings.ts';
import { standUp } from './stand-up.ts';

/** A process that is one service. */
export interface ServiceProcess<Shape extends Settings> {
  readonly name: string;
  /** Those of every service, and what this one has besides. */
  readonly settings: Shape;
  readonly module: (config: ConfigOf<Shape>) => DynamicModule | Type;
}

/** Runs a service by its settings; see `runProcess`. */
export function runService<Shape extends ReturnType<typeof serviceSettings>>(
  service: ServiceProcess<Shape>,
): Promise<void> {
  return runProcess(service.name, async () => {
    const config = defineConfig(service.settings, process.env, busFaults);
    const standing = await standUp(service.module(config), config);
    giveBackWhenQuiet();
    return standing;
  });
}
