import { serviceSettings } from '@tongchou/service-shell';

/** Everything that costs may be told from outside. */
export const settings = serviceSettings('costs', 4002);
