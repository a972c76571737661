import type { IncomingMessage } from 'node:http';
import type { DynamicModule } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import type { Logger } from 'pino';
import { currentScope } from './request-scope.ts';

/** Nest's logger, and one line a request with its correlation ids. Probes and scrapes are not worth a line. */
export function loggerModule(log: Logger): DynamicModule {
  return LoggerModule.forRoot({
    pinoHttp: {
      logger: log,
      genReqId: () => currentScope()?.requestId ?? '',
      customProps: () => ({ traceparent: currentScope()?.traceparent }),
      autoLogging: { ignore: (request: IncomingMessage) => /^\/(health|metrics)/.test(request.url ?? '') },
      serializers: {
        // Headers and bodies stay out: they hold credentials and people's data.
        req: (request: { id: unknown; method: string; url: string }) => ({
          id: request.id,
          method: request.method,
          url: request.url.split('?')[0],
        }),
        res: (response: { statusCode: number }) => ({ statusCode: response.statusCode }),
      },
    },
  });
}
