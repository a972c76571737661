import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApolloServerPlugin } from '@apollo/server';
import type { Metrics } from '@tongchou/service-shell';

/** `none`: refused before it was known to be an operation. */
type Operation = 'query' | 'mutation' | 'commands' | 'none';
/** `partial`: data and errors; `failed`: errors alone, or no answer; `refused`: the client's mistake. */
type Outcome = 'answered' | 'partial' | 'failed' | 'refused';

interface Noted {
  readonly operation: Operation;
  readonly outcome: Outcome;
}

/** What a request's context must hold for its operation to be known. */
export interface MeteredContext {
  readonly request: IncomingMessage;
}

/** Measures clients' requests from their first line to the end of the answer, by kind: never by what a client wrote. */
export class GraphMeter {
  private readonly noted = new WeakMap<IncomingMessage, Noted>();
  private readonly took: ReturnType<Metrics['histogram']>;

  constructor(metrics: Metrics) {
    this.took = metrics.histogram(
      'tongchou_gateway_request_seconds',
      'A request of a client, from its first line to the end of the answer.',
    );
  }

  /** Stands before the GraphQL server. */
  readonly graph = (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    this.measure(response, () => this.noted.get(request) ?? { operation: 'none', outcome: 'refused' });
    next();
  };

  /** Stands before the bulk doors. */
  readonly commands = (_request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    this.measure(response, () => ({ operation: 'commands', outcome: outcomeOf(response) }));
    next();
  };

  readonly plugin: ApolloServerPlugin<MeteredContext> = {
    requestDidStart: () =>
      Promise.resolve({
        willSendResponse: ({ operation, response: { body }, contextValue: { request } }) => {
          const kind = operation?.operation;
          if (kind !== 'query' && kind !== 'mutation') return Promise.resolve();
          const { data, errors = [] } = body.kind === 'single' ? body.singleResult : {};
          const outcome = errors.length === 0 ? 'answered' : data ? 'partial' : 'failed';
          this.noted.set(request, { operation: kind, outcome });
          return Promise.resolve();
        },
      }),
  };

  private measure(response: ServerResponse, noted: () => Noted): void {
    const began = performance.now();
    response.once('close', () => {
      const { operation, outcome } = noted();
      this.took((performance.now() - began) / 1_000, { operation, outcome });
    });
  }
}

function outcomeOf({ statusCode, writableFinished }: ServerResponse): Outcome {
  if (!writableFinished || statusCode >= 500) return 'failed';
  return statusCode >= 400 ? 'refused' : 'answered';
}
