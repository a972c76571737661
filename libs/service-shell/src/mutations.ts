import { AnswerError } from './answer-error.ts';
import type { CommandDoor } from './command-door.ts';
import { isGraphCode } from './error-codes.ts';
import { answerFor } from './format-error.ts';
import type { GraphContext } from './graph-context.ts';
import type { Verdict } from './verdict.ts';

/** Why the business says no, as a mutation's payload answers it; the fields of `detail` stand beside. */
export interface UserError {
  readonly code: string;
  readonly message: string;
  readonly path: readonly string[];
  readonly [detail: string]: unknown;
}

/** One shape for every mutation. */
export interface MutationPayload<T> {
  /** The object as it is after its own change; null when the command was refused. */
  readonly object: T | null;
  readonly errors: readonly UserError[];
  readonly consistencyToken: string | null;
}

/** A mutation's input: the command's, with its key beside. */
export interface MutationInput {
  readonly idempotencyKey: string;
  readonly expectedVersion?: number | null;
}

/** Runs commands for mutations. */
export class Mutations {
  readonly #door: CommandDoor;

  constructor(door: CommandDoor) {
    this.#door = door;
  }

  /**
   * Runs the command and loads what it changed; `load` reads through `Reads`, which waits for this command's own effect.
   * A refusal is answered in `errors`. Throws what belongs to the request: BAD_USER_INPUT with the field's path,
   * IDEMPOTENCY_MISMATCH, CONFLICT, SUBGRAPH_UNAVAILABLE, INTERNAL.
   */
  async run<T>(
    name: string,
    input: MutationInput,
    context: GraphContext,
    load: (streamId: string) => Promise<T>,
  ): Promise<MutationPayload<T>> {
    const { idempotencyKey, expectedVersion, ...rest } = input;
    const verdict = await this.#door.run(name, {
      idempotencyKey,
      input: rest,
      ...(typeof expectedVersion === 'number' && { expectedVersion }),
      principal: context.principal,
      correlationId: context.scope.requestId,
      traceparent: context.scope.traceparent,
    });
    return answer(verdict, context, load);
  }
}

async function answer<T>(
  verdict: Verdict,
  context: GraphContext,
  load: (streamId: string) => Promise<T>,
): Promise<MutationPayload<T>> {
  const { status, code = 'INTERNAL', message = '', path = [], consistencyToken, streamId } = verdict;
  if (consistencyToken !== undefined && streamId !== undefined)
    return changed(consistencyToken, context, () => load(streamId));
  if (status === 'failed' || isGraphCode(code)) {
    throw new AnswerError(
      isGraphCode(code) ? code : 'INTERNAL',
      message,
      path.length > 0 ? ['input', ...path] : undefined,
    );
  }
  return {
    object: null,
    errors: [{ ...verdict.detail, code, message, path: ['input', ...path] }],
    consistencyToken: null,
  };
}

/** The command is done, whatever becomes of reading: its token is always answered. */
async function changed<T>(token: string, context: GraphContext, load: () => Promise<T>): Promise<MutationPayload<T>> {
  context.require(token);
  try {
    return { object: await load(), errors: [], consistencyToken: token };
  } catch (error) {
    const { code, message } = answerFor(error);
    if (code !== 'STALE_READ' && code !== 'SUBGRAPH_UNAVAILABLE') throw error;
    const told = `The command is done. ${message}`;
    return { object: null, errors: [{ code, message: told, path: [] }], consistencyToken: token };
  }
}
