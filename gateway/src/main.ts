import { runProcess } from '@tongchou/service-shell';
import { readConfig } from './config.ts';
import { standUpGateway } from './stand-up.ts';

await runProcess('gateway', () => standUpGateway(readConfig()));
