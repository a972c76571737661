import { getStitchedSchemaFromSupergraphSdl } from '@graphql-tools/federation';
import type { ExecutionRequest, ExecutionResult } from '@graphql-tools/utils';
import { execute, GraphQLError, print } from 'graphql';
import { SubgraphFailure } from '../subgraphs/subgraph-failure.ts';
import type { SubgraphError, SubgraphReply } from '../subgraphs/subgraph-reply.ts';
import type { Subgraph } from '../subgraphs/subgraph.ts';
import { reportErrorsWhereTheyAre, SUBGRAPH_PATH } from './exact-paths.ts';
import type { MakeGraphExecutor } from './graph-executor.ts';
import type { GraphRequest } from './graph-request.ts';
import { rootKeys } from './root-keys.ts';

interface Context {
  readonly request: GraphRequest;
}

/**
 * Executes a supergraph by Hive's stitching library: it plans, batches entities of one type into one call, and joins.
 * Time-outs, errors and headers are ours.
 */
export const hiveGraph: MakeGraphExecutor = (supergraphSdl, subgraphOf) => {
  const schema = getStitchedSchemaFromSupergraphSdl({
    supergraphSdl,
    batch: true,
    onSubschemaConfig: (subschema) => {
      const name = subschema.name.toLowerCase();
      subschema.executor = executorFor(name, subgraphOf(name));
    },
  });
  reportErrorsWhereTheyAre(schema);
  return {
    schema,
    execute: async ({ document, operationName, variables, request }) => {
      const contextValue: Context = { request };
      return execute({ schema, document, operationName, variableValues: variables, contextValue });
    },
  };
};

function executorFor(name: string, subgraph: Subgraph | undefined) {
  return async (asked: ExecutionRequest): Promise<ExecutionResult> => {
    const { request }: Context = asked.context;
    try {
      if (!subgraph) throw new SubgraphFailure('SUBGRAPH_UNAVAILABLE', name, 'no address is configured');
      const reply = await subgraph.call({
        body: JSON.stringify({ query: print(asked.document), variables: asked.variables ?? {} }),
        headers: await request.headersFor(name),
        deadline: request.deadline,
        signal: request.signal,
      });
      if (reply.extensions) request.hear(name, reply.extensions);
      return { data: reply.data, errors: errorsOf(reply, asked, name) };
    } catch (error) {
      if (!(error instanceof SubgraphFailure)) throw error;
      request.missed(error);
      return {
        data: null,
        errors: [new GraphQLError(error.message, { extensions: { code: error.code, service: name } })],
      };
    }
  };
}

function errorsOf(reply: SubgraphReply, asked: ExecutionRequest, service: string): GraphQLError[] {
  const errors = (reply.errors ?? []).map((error) => located(error, service));
  const [first] = errors;
  if (reply.data || !first) return errors;
  // One failing non-null root field nulls its neighbours in the same call too: each of them gets an error of its own.
  const silent = rootKeys(asked.document).filter((key) => !errors.some(({ path }) => !path || path[0] === key));
  return [
    ...errors,
    ...silent.map((key) => new GraphQLError(first.message, { path: [key], extensions: first.extensions })),
  ];
}

function located({ message, path, extensions }: SubgraphError, service: string): GraphQLError {
  return new GraphQLError(message, {
    ...(path ? { path } : {}),
    extensions: { ...extensions, service, ...(path ? { [SUBGRAPH_PATH]: path } : {}) },
  });
}
