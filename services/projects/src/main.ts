import { runService } from '@tongchou/service-shell';
import { settings } from './config.ts';
import { ProjectsModule } from './projects.module.ts';

await runService({ name: 'projects', settings, module: (config) => ProjectsModule.with(config) });
