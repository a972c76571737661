import { defineConfig, serviceSettings } from '@tongchou/service-shell';
import type { ServiceConfig } from '@tongchou/service-shell';

/** Everything that costs may be told from outside. */
export const settings = serviceSettings('costs', 4002);

/** The environment as a typed object. Throws with every fault listed together. */
export const readConfig = (): ServiceConfig => defineConfig(settings);
