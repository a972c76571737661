import { standUp } from '@tongchou/service-shell';
import { readConfig } from './config.ts';
import { CostsModule } from './costs.module.ts';

const config = readConfig();
await standUp(CostsModule.with(config), config);
