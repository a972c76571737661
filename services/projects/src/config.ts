import { defineConfig, serviceSettings } from '@tongchou/service-shell';
import type { ServiceConfig } from '@tongchou/service-shell';

/** Everything that projects may be told from outside. */
export const settings = serviceSettings('projects', 4001);

/** The environment as a typed object. Throws with every fault listed together. */
export const readConfig = (): ServiceConfig => defineConfig(settings);
