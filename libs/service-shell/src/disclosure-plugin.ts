import type { ApolloServerPlugin, GraphQLRequestListener } from '@apollo/server';
import { Plugin } from '@nestjs/apollo';
import { Disclosures } from './disclosure.ts';
import { Engine } from './engine.ts';
import { GRAPH_CODES } from './error-codes.ts';
import { GraphContext } from './graph-context.ts';

/** Masked fields go out only when it stands in the store that they were shown; else nothing of the answer does. */
@Plugin()
export class DisclosurePlugin implements ApolloServerPlugin<GraphContext> {
  readonly #disclosures: Disclosures;
  readonly #service: string;

  constructor(disclosures: Disclosures, engine: Engine) {
    this.#disclosures = disclosures;
    this.#service = engine.name;
  }

  requestDidStart(): Promise<GraphQLRequestListener<GraphContext>> {
    return Promise.resolve({
      willSendResponse: async ({ response, contextValue }) => {
        if (!(contextValue instanceof GraphContext) || contextValue.disclosed.size === 0) return;
        try {
          await this.#disclosures.record(contextValue);
        } catch {
          const { happened: message, retryable } = GRAPH_CODES.SUBGRAPH_UNAVAILABLE;
          const { requestId } = contextValue.scope;
          const extensions = { code: 'SUBGRAPH_UNAVAILABLE', service: this.#service, requestId, retryable };
          response.body = { kind: 'single', singleResult: { data: null, errors: [{ message, extensions }] } };
        }
      },
    });
  }
}
