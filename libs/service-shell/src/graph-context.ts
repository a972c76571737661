import type { IncomingMessage } from 'node:http';
import type { Freshness } from '@tongchou/event-store';
import { mergeTokens } from '@tongchou/event-store';
import type { Actor } from '@tongchou/kernel';
import { AnswerError } from './answer-error.ts';
import { currentScope, openScope, type RequestScope } from './request-scope.ts';

export type ConsistencyMode = 'strict' | 'best-effort';

/** How far an answer is what was asked for; stands in `extensions.consistency` when a token was given. */
export interface Consistency {
  readonly satisfied: boolean;
  readonly behindMs: number | null;
}

const header = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
};

function modeOf(request: IncomingMessage): ConsistencyMode {
  const mode = header(request, 'x-consistency-mode') ?? 'strict';
  if (mode === 'strict' || mode === 'best-effort') return mode;
  throw new AnswerError('BAD_USER_INPUT', 'x-consistency-mode must be strict or best-effort');
}

/** What the resolvers of one operation share: who asks, how fresh the answer must be, and what is loaded in batches. */
export class GraphContext {
  readonly req: IncomingMessage;
  readonly scope: RequestScope;
  readonly actor: Actor = { subject: 'demo' };
  readonly mode: ConsistencyMode;
  /** Batches under way, by name; see `batched`. */
  readonly batches = new Map<string, unknown>();
  /** Waits of this operation for its token, by the models waited for. */
  readonly waits = new Map<string, Promise<void>>();
  /** The header was given: the answer says how far it was kept. */
  readonly asked: boolean;
  consistency: Consistency = { satisfied: true, behindMs: null };
  freshness: readonly Freshness[] | undefined;
  // Not a # field: Apollo Server copies the context by its properties.
  private held: string | undefined;

  constructor(request: IncomingMessage) {
    this.req = request;
    this.scope = currentScope() ?? openScope(request.headers);
    this.mode = modeOf(request);
    this.held = header(request, 'x-consistency-at-least');
    this.asked = this.held !== undefined;
  }

  /** Answers must not be older than this token. */
  get atLeast(): string | undefined {
    return this.held;
  }

  /** From now on answers must hold this too: what this operation itself has changed. */
  require(token: string): void {
    this.held = this.held === undefined ? token : mergeTokens([this.held, token]);
    this.waits.clear();
  }

  /** The worst of the reads is what the answer is. */
  note(consistency: Consistency): void {
    const behind = [this.consistency.behindMs, consistency.behindMs].filter((one) => one !== null);
    this.consistency = {
      satisfied: this.consistency.satisfied && consistency.satisfied,
      behindMs: behind.length > 0 ? Math.max(...behind) : null,
    };
  }
}
