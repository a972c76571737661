import { GraphQLError, isObjectType, responsePathAsArray } from 'graphql';
import type { GraphQLFieldResolver, GraphQLResolveInfo, GraphQLSchema } from 'graphql';

type Path = readonly (string | number)[];
type ResponsePath = GraphQLResolveInfo['path'];

/** Where a subgraph says that an error happened, kept through the library's merging, which loses it. */
export const SUBGRAPH_PATH = 'subgraphPath';

/**
 * Makes each field of the schema report an error at its own place in the client's answer. The library gives errors of
 * entities the path of the first entity of their batch, or none of the list indexes; the field that meets the error is the
 * only one that knows where it stands. Changes the schema in place.
 */
export function reportErrorsWhereTheyAre(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      if (field.resolve) field.resolve = placed(field.resolve);
    }
  }
}

function placed(resolve: GraphQLFieldResolver<unknown, unknown>): GraphQLFieldResolver<unknown, unknown> {
  return (source, args, context, info) => {
    const failed = (error: unknown): never => {
      throw at(error, responsePathAsArray(info.path));
    };
    try {
      const value: unknown = resolve(source, args, context, info);
      if (value instanceof Promise) return value.then((late: unknown) => place(late, info.path)).catch(failed);
      return place(value, info.path);
    } catch (error) {
      return failed(error);
    }
  };
}

function place(value: unknown, path: ResponsePath): unknown {
  if (value instanceof Error) return at(value, responsePathAsArray(path));
  if (!Array.isArray(value)) return value;
  const items: readonly unknown[] = value;
  const inside = (key: number): ResponsePath => ({ prev: path, key, typename: undefined });
  return items.map((item, index) => (item instanceof Error || Array.isArray(item) ? place(item, inside(index)) : item));
}

function at(error: unknown, here: Path): GraphQLError {
  const cause = firstOf(error);
  if (!(cause instanceof GraphQLError)) {
    return new GraphQLError('Something failed in the gateway.', { path: here, originalError: cause });
  }
  const { [SUBGRAPH_PATH]: subgraphPath, ...extensions } = cause.extensions;
  return new GraphQLError(cause.message, { path: [...here, ...below(here, subgraphPath)], extensions });
}

/** Several errors may stand behind one null; a field can report one. */
function firstOf(error: unknown): Error {
  if (error instanceof AggregateError) return firstOf(error.errors[0]);
  if (error instanceof GraphQLError && error.originalError instanceof AggregateError)
    return firstOf(error.originalError);
  return error instanceof Error ? error : new Error(String(error));
}

/**
 * What of the subgraph's path lies below the nulled field: a non-null field deeper down was the cause. A path from a root
 * field is the client's own but for that field's alias; one from an entity starts somewhere inside the client's, so the two
 * are laid over each other where they agree.
 */
function below(here: Path, subgraphPath: unknown): Path {
  if (!Array.isArray(subgraphPath)) return [];
  const steps = subgraphPath.filter((step) => typeof step === 'string' || typeof step === 'number');
  // Batching puts `_v0_` before root fields.
  if (!/^(_v\d+_)?_entities$/.test(String(steps[0]))) {
    return startsWith(steps.slice(1), here.slice(1)) ? steps.slice(here.length) : [];
  }
  const inEntity = steps.slice(2);
  for (let shared = Math.min(inEntity.length, here.length); shared > 0; shared -= 1) {
    if (startsWith(inEntity, here.slice(-shared))) return inEntity.slice(shared);
  }
  return [];
}

const startsWith = (path: Path, start: Path): boolean => start.every((step, index) => step === path[index]);
