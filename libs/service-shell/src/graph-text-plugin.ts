import type { ApolloServerPlugin } from '@apollo/server';
import { GraphQLError } from 'graphql';
import type { GraphContext } from './graph-context.ts';
import { wireFault } from './wire-fault.ts';

/** NUL as it is, or written as an escape: PostgreSQL cannot take it, whatever field it stands in. */
const NUL = /\u0000|\\u0000|\\u\{0+\}/;

const refuse = (message: string): never => {
  throw new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
};

/** Refuses texts that cannot be kept before any resolver meets them: in variables and in the document itself. */
export const graphTextPlugin: ApolloServerPlugin<GraphContext> = {
  requestDidStart: () =>
    Promise.resolve({
      didResolveOperation: ({ request, source }) => {
        if (NUL.test(source)) refuse('The document holds a NUL character');
        const fault = wireFault(request.variables ?? {});
        if (fault) refuse(`Variable $${fault.path.join('.')} ${fault.message}`);
        return Promise.resolve();
      },
    }),
};
