import { ConfigFaults } from './config-faults.ts';
import { createLog, withoutSecrets } from './create-log.ts';

const EXIT_WITHIN_MS = 20_000;

interface Standing {
  /** Fulfilled when it can never do its work again. */
  readonly lost?: Promise<Error>;
  close(): Promise<void>;
}

/**
 * The life of a process that serves: it stands up, and ends in order on SIGTERM or SIGINT (exit 0 within 20 s), or when it
 * is lost (exit 1). Wrong settings, a failed start and an error that nobody caught end it with 1 and say why.
 */
export async function runProcess(name: string, standUp: () => Promise<Standing>): Promise<void> {
  const fail = failing(name);
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  try {
    const standing = await standUp();
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void end(standing, 0));
    void standing.lost?.then((error) => {
      createLog(name, 'fatal').fatal({ err: error }, 'ends: it would never receive again');
      return end(standing, 1);
    });
  } catch (error) {
    fail(error);
  }
}

async function end(standing: Standing, code: number): Promise<void> {
  setTimeout(() => process.exit(1), EXIT_WITHIN_MS).unref();
  await standing.close();
  process.exit(code);
}

function failing(name: string): (error: unknown) => void {
  return (error) => {
    if (error instanceof ConfigFaults) process.stderr.write(`${name}: ${withoutSecrets(error.message)}\n`);
    else createLog(name, 'fatal').fatal({ err: error }, 'ended by an error');
    process.exit(1);
  };
}
