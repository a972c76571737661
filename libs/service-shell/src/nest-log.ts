import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';

/** Nest's own messages: what it maps and starts is for debugging, what goes wrong is not. */
export function nestLog(log: Logger): LoggerService {
  const to =
    (level: 'debug' | 'warn' | 'error' | 'trace') =>
    (message: unknown, ...rest: unknown[]): void => {
      const context = rest.findLast((one) => typeof one === 'string');
      log[level](message instanceof Error ? { err: message, context } : { context }, String(message));
    };
  return { log: to('debug'), debug: to('debug'), verbose: to('trace'), warn: to('warn'), error: to('error') };
}
