import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { GraphQLError } from 'graphql';
import { AnswerError } from './answer-error.ts';
import { createLog } from './create-log.ts';
import { errorCataloguePage } from './error-catalogue.ts';
import { GRAPH_CODES, HTTP_CODES } from './error-codes.ts';
import { formatErrorOf } from './format-error.ts';
import { openScope, runInScope } from './request-scope.ts';

const faults: unknown[] = [];
const formatError = formatErrorOf('costs', (error) => faults.push(error));

/** As Apollo Server hands it over: formatted with everything it knows, and the error itself. */
function answered(thrown: Error) {
  const wrapped = new GraphQLError(thrown.message, { path: ['works', 0], originalError: thrown });
  const formatted = { message: thrown.message, path: ['works', 0], extensions: { stacktrace: [thrown.stack] } };
  const scope = openScope({ 'x-request-id': 'request-0001' });
  return runInScope(scope, () => formatError(formatted, wrapped));
}

const engineError = (name: string, message = 'select secret from rm.x at 10.1.2.3:5432'): Error =>
  Object.assign(new Error(message), { name });

describe('an error of the graph', () => {
  it('hides everything that is not known to be safe, and tells the log once', () => {
    faults.length = 0;
    const bug = new TypeError('connect ECONNREFUSED 10.1.2.3:5432 /srv/app/x.ts select * from es.events');
    expect(answered(bug)).toEqual({
      message: GRAPH_CODES.INTERNAL.happened,
      path: ['works', 0],
      extensions: { code: 'INTERNAL', service: 'costs', requestId: 'request-0001', retryable: false },
    });
    expect(faults).toEqual([bug]);
  });

  it.each([
    ['StaleRead', 'STALE_READ', true],
    ['Conflict', 'CONFLICT', true],
    ['Unavailable', 'SUBGRAPH_UNAVAILABLE', true],
    ['IdempotencyMismatch', 'IDEMPOTENCY_MISMATCH', false],
  ])('%s of the engine is %s, in words of the catalogue', (name, code, retryable) => {
    const { message, extensions } = answered(engineError(name));
    expect(extensions).toMatchObject({ code, retryable });
    expect(message).not.toMatch(/select|10\.1/);
  });

  it('says what the caller can put right', () => {
    expect(answered(new AnswerError('BAD_USER_INPUT', 'amount is required', ['input', 'amount']))).toMatchObject({
      message: 'amount is required',
      extensions: { code: 'BAD_USER_INPUT', inputPath: 'input.amount' },
    });
    const unknownField = new GraphQLError('Cannot query field "x"', {
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
    });
    expect(formatError(unknownField.toJSON(), unknownField)).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
    const forged = new Error('The _entities resolver tried to load an entity for type "Secret", but no object or');
    expect(answered(forged).extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

describe('the error catalogue', () => {
  it('has a page for every code, in English and Chinese, and for every refusal', () => {
    const refusal = {
      happened: 'The budget is above the ceiling.',
      remedy: 'Raise the ceiling.',
      zh: '预算超过概算。',
    };
    const aggregates = [{ streamType: 'CostSheet', refusals: { CeilingExceeded: refusal } }];
    const text = errorCataloguePage([{ service: 'costs', aggregates }]);
    for (const [code, page] of Object.entries({ ...GRAPH_CODES, ...HTTP_CODES, CeilingExceeded: refusal })) {
      expect(text).toContain(`### ${code}\n\n${page.happened}`);
      expect(text).toContain(page.zh);
    }
  });
});

describe('the log', () => {
  it('holds no secret, in a field, a message or a stack', () => {
    const lines: string[] = [];
    const sink = new Writable({
      write(chunk, _, done) {
        lines.push(String(chunk));
        done();
      },
    });
    const log = createLog('costs', 'info', sink);
    const url = 'postgres://costs:hunter2@127.0.0.1/costs';
    log.info({ req: { headers: { authorization: 'Bearer abcdefgh12345' } }, databaseUrl: url }, `to ${url}`);
    log.error({ err: new Error(`no answer of ${url}, Authorization: Bearer abcdefgh12345`) }, 'failed');
    expect(lines).toHaveLength(2);
    expect(lines.join('')).not.toMatch(/hunter2|abcdefgh/);
    expect(lines.join('')).toContain('postgres://[redacted]@127.0.0.1/costs');
  });
});
