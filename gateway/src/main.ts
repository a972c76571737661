import { ConfigFaults, createLog, withoutSecrets } from '@tongchou/service-shell';
import { readConfig } from './config.ts';
import { standUpGateway, type StandingGateway } from './stand-up.ts';

const EXIT_WITHIN_MS = 20_000;

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
try {
  const gateway = await standUpGateway(readConfig());
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void end(gateway));
} catch (error) {
  fail(error);
}

async function end(gateway: StandingGateway): Promise<void> {
  setTimeout(() => process.exit(1), EXIT_WITHIN_MS).unref();
  await gateway.close();
  process.exit(0);
}

function fail(error: unknown): never {
  if (error instanceof ConfigFaults) process.stderr.write(`gateway: ${withoutSecrets(error.message)}\n`);
  else createLog('gateway', 'fatal').fatal({ err: error }, 'ended by an error');
  process.exit(1);
}
