import type { ApolloServerPlugin } from '@apollo/server';
import { GraphContext } from './graph-context.ts';

/**
 * Says on every answer how fresh it is: `extensions.freshness`, and `extensions.consistency` when a token was given. The
 * number of SQL statements that reads sent stands in `server-timing`, so that a document's count can be asserted.
 */
export const freshnessPlugin: ApolloServerPlugin<GraphContext> = {
  requestDidStart: () =>
    Promise.resolve({
      willSendResponse: ({ response, contextValue }) => {
        if (response.body.kind !== 'single' || !(contextValue instanceof GraphContext)) return Promise.resolve();
        const { freshness, asked, consistency, scope } = contextValue;
        const extensions = { ...(freshness && { freshness }), ...(asked && { consistency }) };
        if (Object.keys(extensions).length > 0) {
          response.body.singleResult.extensions = { ...response.body.singleResult.extensions, ...extensions };
        }
        response.http.headers.set('server-timing', `sql;desc="${scope.statements} statements"`);
        return Promise.resolve();
      },
    }),
};
