import type { IncomingMessage } from 'node:http';
import { type Grant, grantFor, type Policy, POLICY, type Principal, type Reach } from '@tongchou/access';
import type { Freshness } from '@tongchou/event-store';
import { mergeTokens } from '@tongchou/event-store';
import { AnswerError } from './answer-error.ts';
import { forbidden } from './forbidden.ts';
import { GRAPH_CODES } from './error-codes.ts';
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
  readonly policy: Policy;
  readonly mode: ConsistencyMode;
  /** Masked fields that are shown, and of which objects. */
  readonly disclosed = new Map<string, Set<string>>();
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

  constructor(request: IncomingMessage, policy: Policy = POLICY) {
    this.req = request;
    this.policy = policy;
    this.scope = currentScope() ?? openScope(request.headers);
    this.mode = modeOf(request);
    this.held = header(request, 'x-consistency-at-least');
    this.asked = this.held !== undefined;
  }

  /** Who asks. Throws UNAUTHENTICATED where nobody has proven to be anybody. */
  get principal(): Principal {
    if (this.scope.principal) return this.scope.principal;
    throw new AnswerError('UNAUTHENTICATED', GRAPH_CODES.UNAUTHENTICATED.happened);
  }

  /** As what and where the principal may do it. Throws FORBIDDEN. */
  grantFor(action: string): Grant {
    const grant = grantFor(this.principal, action, this.policy);
    if (grant) return grant;
    throw forbidden();
  }

  /** What the principal reaches while doing it. Throws FORBIDDEN where they may not do it at all. */
  reachFor(action: string): Reach {
    return this.grantFor(action).reach;
  }

  allows(action: string): boolean {
    return grantFor(this.principal, action, this.policy) !== undefined;
  }

  /** Notes that a masked field of an object is shown: it is recorded before the answer goes out. */
  disclose(field: string, objectId: string): void {
    const objects = this.disclosed.get(field) ?? new Set<string>();
    this.disclosed.set(field, objects.add(objectId));
  }

  /**
   * A person's subject where this principal may see it, else null: their own always, another one's by the policy of
   * `field <name>`, and that it is shown is noted.
   */
  reveal(field: string, objectId: string, person: string): string | null {
    if (person === this.principal.subject) return person;
    if (!this.allows(`field ${field}`)) return null;
    this.disclose(field, objectId);
    return person;
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
