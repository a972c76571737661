import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  bearerOf,
  principalSigner,
  type PrincipalSigner,
  type ProviderKeys,
  sameSecret,
  TokenFault,
  verifyBearer,
} from '@tongchou/access';
import { AnswerError, currentScope, openScope } from '@tongchou/service-shell';
import type { GatewayConfig } from '../config.ts';
import { Caller } from './caller.ts';
import { rememberVerified } from './verified-tokens.ts';

/** Probes and the explorer's page: nothing of the city is in them. Whatever else is asked for needs a token. */
const OPEN = /^\/(?:health\/[\w-]*|graphiql(?:\/[\w.%-]*)?)$/;
const METRICS = '/metrics';

type Next = (error?: unknown) => void;
type Note = (message: string, details: object) => void;

/**
 * The one place where clients prove who they are: before anything of a request is read, and whether what they ask for
 * exists or not. Every fault of a token is answered alike.
 */
export class Admission {
  private readonly callers = new WeakMap<IncomingMessage, Caller>();
  private readonly scrapers = new WeakSet<IncomingMessage>();
  private readonly verify: (token: string) => ReturnType<typeof verifyBearer>;
  private readonly scrape: string | undefined;

  private constructor(
    config: GatewayConfig,
    keys: ProviderKeys,
    private readonly sign: PrincipalSigner,
    private readonly note: Note,
  ) {
    const { oidcIssuer: issuer, oidcAudience: audience, metricsToken } = config;
    this.verify = rememberVerified((token) => verifyBearer(token, { issuer, audience, keys }));
    this.scrape = metricsToken === undefined ? undefined : `Bearer ${metricsToken}`;
  }

  /** Throws when the signing key is none. The provider need not be there. */
  static async of(config: GatewayConfig, keys: ProviderKeys, note: Note): Promise<Admission> {
    return new Admission(config, keys, await principalSigner(config.principalSigningKey), note);
  }

  /** Who sends a request that was let in; `undefined` for one that needs nobody. */
  callerOf(request: IncomingMessage): Caller | undefined {
    return this.callers.get(request);
  }

  /** Whether a request came with the token that reads figures and nothing else. */
  isScrape(request: IncomingMessage): boolean {
    return this.scrapers.has(request);
  }

  readonly middleware = async (request: IncomingMessage, response: ServerResponse, next: Next): Promise<void> => {
    if (isOpen(request)) return next();
    response.setHeader('cache-control', 'no-store');
    response.appendHeader('vary', 'authorization');
    try {
      await this.admit(request);
    } catch (error) {
      return next(this.refusal(error, response));
    }
    next();
  };

  private async admit(request: IncomingMessage): Promise<void> {
    const given = request.headersDistinct['authorization'];
    if (pathOf(request) === METRICS && this.scrape && given?.length === 1) {
      if (sameSecret(given[0] ?? '', this.scrape)) return void this.scrapers.add(request);
    }
    const principal = await this.verify(bearerOf(given?.length === 1 ? given[0] : given));
    const { requestId } = currentScope() ?? openScope(request.headers);
    this.callers.set(request, new Caller(principal, requestId, this.sign));
  }

  private refusal(error: unknown, response: ServerResponse): unknown {
    if (!(error instanceof TokenFault)) return error;
    this.note('a token was refused', { why: error.why, requestId: currentScope()?.requestId });
    response.setHeader('www-authenticate', 'Bearer');
    return new AnswerError('UNAUTHENTICATED', error.message);
  }
}

/** As it was sent: what is spelt in another way than the open ones are spelt is not open. */
const pathOf = ({ url = '' }: IncomingMessage): string | undefined => url.split('?')[0];

function isOpen(request: IncomingMessage): boolean {
  const reads = request.method === 'GET' || request.method === 'HEAD';
  return reads && OPEN.test(pathOf(request) ?? '');
}
