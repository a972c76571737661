import { runService } from '@tongchou/service-shell';
import { settings } from './config.ts';
import { CostsModule } from './costs.module.ts';

await runService({ name: 'costs', settings, module: (config) => CostsModule.with(config) });
