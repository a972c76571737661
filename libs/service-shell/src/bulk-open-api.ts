import { z, type ZodType } from 'zod';
import { bulkLine } from './bulk-line.ts';
import type { CommandTable } from './define-commands.ts';
import { NDJSON_LIMITS } from './ndjson-lines.ts';

type Commands = readonly Pick<CommandTable, 'streamType' | 'definitions' | 'refusals'>[];

/** JSON Schema of what is sent, not of what it becomes. */
const schemaOf = (type: ZodType): object => {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { io: 'input', unrepresentable: 'any' });
  return schema;
};

const lineSchema = (name: string, description: string, input: ZodType): object => ({
  ...schemaOf(bulkLine.extend({ command: z.literal(name), input })),
  title: name,
  description,
});

const inputName = (command: string): string => `${command}Line`;

function lineSchemas(aggregates: Commands): Record<string, object> {
  const entries = aggregates.flatMap(({ definitions }) =>
    Object.entries(definitions).map(([name, { description, input }]) => [
      inputName(name),
      lineSchema(name, description, input),
    ]),
  );
  return Object.fromEntries(entries);
}

const STATUSES = {
  accepted: 'Stored.',
  repeated: 'Stored before under this key; nothing was done now.',
  rejected: 'The business says no: see code, message and detail.',
  invalid: 'The line makes no sense: see message and path.',
  retry: 'Waiting helps, or an earlier line of the same stream has to be sent again first: send it again unchanged.',
  failed: 'A fault here: repeat with the same key, which tells whether it was stored.',
};

const verdict = (aggregates: Commands): object => ({
  type: 'object',
  required: ['line', 'status'],
  properties: {
    line: { type: 'integer', minimum: 1, description: 'Number of the line that this answers; 1 for the first.' },
    status: {
      type: 'string',
      enum: Object.keys(STATUSES),
      description: Object.entries(STATUSES)
        .map(([status, says]) => `\`${status}\`: ${says}`)
        .join(' '),
    },
    code: {
      type: 'string',
      description: 'A code of the error catalogue.',
      examples: aggregates.flatMap(({ refusals }) => Object.keys(refusals)).slice(0, 5),
    },
    message: { type: 'string', description: 'What happened and what to do.' },
    path: { type: 'array', items: { type: 'string' }, description: 'The field that is wrong, outermost first.' },
    detail: { type: 'object', description: 'What a person needs to act on a refusal. Amounts are whole cents.' },
    consistencyToken: {
      type: 'string',
      description: 'Give it as `x-consistency-at-least` to a query, and its answer holds this command.',
    },
    streamId: { type: 'string', format: 'uuid' },
    facts: {
      type: 'array',
      description: 'What was recorded just now.',
      items: {
        type: 'object',
        required: ['type'],
        properties: { type: { type: 'string' }, reason: { type: 'string' } },
      },
    },
  },
});

const errorResponse = (description: string): object => ({
  description,
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
});

const ERROR = {
  type: 'object',
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'service', 'retryable'],
      properties: {
        code: { type: 'string' },
        message: { type: 'string' },
        service: { type: 'string' },
        requestId: { type: 'string' },
        retryable: { type: 'boolean' },
      },
    },
  },
};

const operation = (lines: readonly string[]): object => ({
  operationId: 'runCommands',
  summary: 'Commands in, one verdict a line out.',
  description: [
    'Newline-delimited JSON, one command a line; the answer has one verdict a line, in the order of the lines, streamed.',
    'Commands for one stream are decided in order, many streams at once. After `retry` or `failed` every later line of',
    'that stream in the request is answered `retry` undecided: send them again in order, and never have two requests',
    `under way for one stream. At most ${NDJSON_LIMITS.lineBytes} bytes a line, ${NDJSON_LIMITS.lines} lines and`,
    `${NDJSON_LIMITS.requestBytes} bytes a request, uncompressed. A client may send all before it reads.`,
  ].join(' '),
  requestBody: {
    required: true,
    content: {
      'application/x-ndjson': {
        schema: { description: 'One line.', oneOf: lines.map((name) => ({ $ref: `#/components/schemas/${name}` })) },
      },
    },
  },
  responses: {
    200: {
      description: 'One verdict a line.',
      content: { 'application/x-ndjson': { schema: { $ref: '#/components/schemas/Verdict' } } },
    },
    413: errorResponse('The request announces more bytes than it may have.'),
    415: errorResponse('Another content type, or compressed.'),
    429: errorResponse('Too many bulk requests at once: wait as Retry-After says.'),
  },
});

/** OpenAPI 3.1 of a service's bulk door, with a JSON Schema for each command printed from its input. Pure. */
export function bulkOpenApi(parts: { readonly name: string; readonly aggregates: Commands }): object {
  const lines = lineSchemas(parts.aggregates);
  return {
    openapi: '3.1.0',
    info: {
      title: `Bulk door of ${parts.name}`,
      version: '1',
      description: `Commands of ${parts.name} as integrators and importers send them; the same handlers, policy and refusals as its mutations.`,
    },
    paths: { '/v1/commands': { post: operation(Object.keys(lines)) } },
    components: { schemas: { ...lines, Verdict: verdict(parts.aggregates), Error: ERROR } },
  };
}
