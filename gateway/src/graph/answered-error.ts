import { currentScope, GRAPH_CODES, isGraphCode, type GraphCode } from '@tongchou/service-shell';
import type { GraphQLFormattedError } from 'graphql';

const REQUEST_FAULTS = new Set([
  'BAD_REQUEST',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
]);
const MESSAGE_MAX = 500;

/**
 * An error as clients see it: `extensions { code service requestId retryable }` with a code of the closed list. What no
 * code of the list stands on becomes `INTERNAL` without a word of its own, so that no address, stack or SQL gets out.
 */
export function answeredError(formatted: GraphQLFormattedError): GraphQLFormattedError {
  const code = codeOf(formatted);
  const { service, inputPath } = formatted.extensions ?? {};
  return {
    message: code === 'INTERNAL' ? GRAPH_CODES.INTERNAL.happened : shortened(formatted.message),
    ...(formatted.locations && { locations: formatted.locations }),
    ...(formatted.path && { path: formatted.path }),
    extensions: {
      code,
      service: typeof service === 'string' ? service : 'gateway',
      requestId: currentScope()?.requestId ?? null,
      retryable: GRAPH_CODES[code].retryable,
      ...(typeof inputPath === 'string' && { inputPath }),
    },
  };
}

function codeOf({ message, extensions }: GraphQLFormattedError): GraphCode {
  const code = extensions?.['code'];
  if (isGraphCode(code)) return code;
  if (code === 'PERSISTED_QUERY_NOT_SUPPORTED') return 'PERSISTED_QUERY_NOT_FOUND';
  // A service that refuses what the gateway wrote is the gateway's fault, not the client's.
  const isOwn = extensions?.['service'] === undefined;
  if (isOwn && (REQUEST_FAULTS.has(String(code)) || message.startsWith('Argument "'))) return 'BAD_USER_INPUT';
  return 'INTERNAL';
}

const shortened = (text: string): string => (text.length > MESSAGE_MAX ? `${text.slice(0, MESSAGE_MAX)}…` : text);
