import { ApolloServerErrorCode, unwrapResolverError } from '@apollo/server/errors';

import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { AnswerError } from './answer-error.ts';
import { GRAPH_CODES, isGraphCode, type GraphCode } from './error-codes.ts';
import { currentScope } from './request-scope.ts';

/** What the engine's errors are to a client; their own text may hold addresses and SQL. */
const ENGINE_CODES: Readonly<Record<string, GraphCode>> = {
  StaleRead: 'STALE_READ',
  BadToken: 'BAD_USER_INPUT',
  Conflict: 'CONFLICT',
  Unavailable: 'SUBGRAPH_UNAVAILABLE',
  IdempotencyMismatch: 'IDEMPOTENCY_MISMATCH',
};

const REQUEST_FAULTS: readonly string[] = [
  ApolloServerErrorCode.GRAPHQL_PARSE_FAILED,
  ApolloServerErrorCode.GRAPHQL_VALIDATION_FAILED,
  ApolloServerErrorCode.PERSISTED_QUERY_NOT_SUPPORTED,
  ApolloServerErrorCode.BAD_USER_INPUT,
  ApolloServerErrorCode.OPERATION_RESOLUTION_FAILURE,
  ApolloServerErrorCode.BAD_REQUEST,
];

/** Thrown by the subgraph library for a representation of a type that is not here: the caller's fault. */
const FOREIGN_ENTITY = /^The _entities resolver tried to load an entity for type/;

const MESSAGE_MAX = 500;

const shortened = (text: string): string => (text.length > MESSAGE_MAX ? `${text.slice(0, MESSAGE_MAX)}…` : text);

/** What may be shown of anything that was thrown. */
export interface Answer {
  readonly code: GraphCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly inputPath?: string;
}

const answer = (code: GraphCode, message: string = GRAPH_CODES[code].happened): Answer => ({
  code,
  message: shortened(message),
  retryable: GRAPH_CODES[code].retryable,
});

/** The code of the closed list for anything that was thrown, and a message that may be shown. */
export function answerFor(thrown: unknown): Answer {
  if (thrown instanceof AnswerError && isGraphCode(thrown.code)) {
    const shown = answer(thrown.code, thrown.message);
    return thrown.inputPath ? { ...shown, inputPath: thrown.inputPath.join('.') } : shown;
  }
  const code = thrown instanceof Error ? ENGINE_CODES[thrown.name] : undefined;
  if (code === undefined || !(thrown instanceof Error)) return answer('INTERNAL');
  // A token's fault names only what the caller sent; any other engine error speaks by its page.
  const shown = answer(code, code === 'BAD_USER_INPUT' ? thrown.message : undefined);
  return 'retryable' in thrown && typeof thrown.retryable === 'boolean'
    ? { ...shown, retryable: thrown.retryable }
    : shown;
}

/** Faults that GraphQL itself finds in a request speak for themselves: they name only what the caller sent. */
function ofRequest(formatted: GraphQLFormattedError): Answer {
  const code = formatted.extensions?.['code'];
  if (code === 'PERSISTED_QUERY_NOT_FOUND') return answer(code);
  return REQUEST_FAULTS.includes(String(code)) ? answer('BAD_USER_INPUT', formatted.message) : answer('INTERNAL');
}

function answerOf(formatted: GraphQLFormattedError, cause: unknown): Answer {
  if (cause instanceof Error && FOREIGN_ENTITY.test(cause.message)) {
    return answer('BAD_USER_INPUT', 'No such type can be asked for by reference here.');
  }
  return cause instanceof GraphQLError ? ofRequest(formatted) : answerFor(cause);
}

/**
 * Every error as the graph answers it: `extensions { code service requestId retryable }` with a code of the closed list.
 * No stack, SQL or address leaves the process: what is not known to be safe becomes `INTERNAL` without details, and
 * `onFault` is told of it once.
 */
export function formatErrorOf(
  service: string,
  onFault: (error: unknown, requestId: string | undefined) => void,
): (formatted: GraphQLFormattedError, thrown: unknown) => GraphQLFormattedError {
  const told = new WeakSet();
  const tell = (cause: unknown, requestId: string | undefined): void => {
    // A set that could not be loaded fails each of its fields with the same error.
    if (typeof cause === 'object' && cause !== null) {
      if (told.has(cause)) return;
      told.add(cause);
    }
    onFault(cause, requestId);
  };
  return (formatted, thrown) => {
    const cause = unwrapResolverError(thrown);
    const { code, message, retryable, inputPath } = answerOf(formatted, cause);
    const requestId = currentScope()?.requestId;
    if (code === 'INTERNAL' && !(cause instanceof AnswerError)) tell(cause, requestId);
    return {
      message,
      ...(formatted.locations && { locations: formatted.locations }),
      ...(formatted.path && { path: formatted.path }),
      extensions: { code, service, requestId, retryable, ...(inputPath && { inputPath }) },
    };
  };
}
