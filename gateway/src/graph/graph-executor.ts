import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql';
import type { GraphRequest } from './graph-request.ts';
import type { Subgraph } from '../subgraphs/subgraph.ts';

/** A validated operation of a client. */
export interface Operation {
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly request: GraphRequest;
}

/**
 * The seam to whatever executes a supergraph. An implementation answers what the client sees: each error has the exact
 * path of the field that it nulls, list indexes included, and `extensions { code, service }`; it throws nothing.
 */
export interface GraphExecutor {
  /** What clients may ask, without the marks of federation. */
  readonly schema: GraphQLSchema;
  execute(operation: Operation): Promise<ExecutionResult>;
}

/** Makes an executor of a supergraph. Throws when the supergraph is none. */
export type MakeGraphExecutor = (
  supergraphSdl: string,
  subgraphOf: (name: string) => Subgraph | undefined,
) => GraphExecutor;
