import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes, randomUUID } from 'node:crypto';
import type { Principal } from '@tongchou/access';

/** What is known of the request that is being answered, wherever the code stands. */
export interface RequestScope {
  /** Also the correlation id of every fact that comes of it. */
  readonly requestId: string;
  readonly traceparent: string;
  /** Who asks, proven; unknown until proven, and where nobody needs to ask as anybody. */
  principal?: Principal;
  /** The request proved nothing but the scrape token: the figures are all that it gets. */
  scrapes?: true;
  /** SQL statements that reads have sent for this request. */
  statements: number;
}

const scopes = new AsyncLocalStorage<RequestScope>();

const REQUEST_ID = /^[A-Za-z0-9._:-]{8,128}$/;
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

const only = (header: string | readonly string[] | undefined): string | undefined =>
  typeof header === 'string' ? header : undefined;

/** Ids given by the caller where they have the right form, else new ones. */
export function openScope(headers: Readonly<Record<string, string | readonly string[] | undefined>>): RequestScope {
  const id = only(headers['x-request-id']);
  const trace = only(headers['traceparent']);
  return {
    requestId: id !== undefined && REQUEST_ID.test(id) ? id : randomUUID(),
    traceparent:
      trace !== undefined && TRACEPARENT.test(trace)
        ? trace
        : `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`,
    statements: 0,
  };
}

export const runInScope = <T>(scope: RequestScope, work: () => T): T => scopes.run(scope, work);

export const currentScope = (): RequestScope | undefined => scopes.getStore();
