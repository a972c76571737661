import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { sameSecret } from '@tongchou/access';
import { demoClaims } from './demo-claims.ts';
import { issueToken, LIVES_S } from './issue-token.ts';
import type { IssuerFiles } from './issuer-files.ts';

const MOST_BYTES = 16_384;

export interface IssuerPlan extends IssuerFiles {
  /** Origin under which it is known. */
  readonly issuer: string;
}

const json = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
};

async function formOf(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  let text = '';
  for await (const piece of request) {
    text += String(piece);
    if (text.length > MOST_BYTES) return undefined;
  }
  return new URLSearchParams(text);
}

/** RFC 6749, section 2.3.1: the client's name and secret by HTTP Basic. */
function clientOf(header: string | undefined): { readonly name: string; readonly secret: string } | undefined {
  const [, encoded] = /^Basic ([\w+/=-]+)$/.exec(header ?? '') ?? [];
  const [, name, secret] = /^([^:]*):(.*)$/.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? [];
  if (name === undefined || secret === undefined) return undefined;
  return { name: decodeURIComponent(name), secret: decodeURIComponent(secret) };
}

/** Client credentials (RFC 6749, section 4.4): the client is the role; what narrows it stands in the form. */
async function token(plan: IssuerPlan, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const client = clientOf(request.headers.authorization);
  const form = await formOf(request);
  if (!client || !sameSecret(client.secret, plan.secret)) return json(response, 401, { error: 'invalid_client' });
  if (form?.get('grant_type') !== 'client_credentials') {
    return json(response, 400, { error: 'unsupported_grant_type' });
  }
  const claims = demoClaims({
    role: client.name,
    as: form.get('as') ?? undefined,
    for: form.get('for') ?? undefined,
    districts: form.getAll('district'),
    departments: form.getAll('department'),
    projects: form.getAll('project'),
    limit: form.get('limit') ?? undefined,
  });
  if (typeof claims['fault'] === 'string') {
    return json(response, 400, { error: 'invalid_scope', error_description: claims['fault'] });
  }
  const signer = plan.keys.at(-1) ?? plan.keys[0];
  json(response, 200, {
    access_token: await issueToken(signer, plan.issuer, claims),
    token_type: 'Bearer',
    expires_in: LIVES_S,
  });
}

const open = ({ kty, kid, n, e, alg, use }: IssuerFiles['keys'][number]): object => ({ kty, kid, n, e, alg, use });

function discovery({ issuer }: IssuerPlan): object {
  return {
    issuer,
    jwks_uri: `${issuer}/jwks`,
    token_endpoint: `${issuer}/token`,
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['client_secret_basic'],
    response_types_supported: ['token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
}

const OWN_PAGES = /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/;

/** The explorer is a page of another origin, which needs the browser's leave; without the secret it gets nothing else. */
function letAsk(request: IncomingMessage, response: ServerResponse): boolean {
  const { origin } = request.headers;
  if (origin === undefined || !OWN_PAGES.test(origin)) return false;
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-allow-headers', 'authorization, content-type');
  response.setHeader('vary', 'origin');
  return true;
}

async function answer(plan: IssuerPlan, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const mayRead = letAsk(request, response);
  const asked = `${request.method} ${request.url?.split('?')[0]}`;
  if (asked === 'GET /.well-known/openid-configuration') return json(response, 200, discovery(plan));
  if (asked === 'GET /jwks') return json(response, 200, { keys: plan.keys.map(open) });
  if (asked === 'GET /health/ready') return json(response, 200, { status: 'ready' });
  if (asked === 'OPTIONS /token' && mayRead) return void response.writeHead(204).end();
  if (asked === 'POST /token') return token(plan, request, response);
  json(response, 404, { error: 'not_found' });
}

/**
 * The demo's identity provider: OpenID discovery, keys, and tokens by client credentials for whoever knows the secret of
 * the state folder. It knows no persons: each role is one.
 */
export function createIssuer(plan: IssuerPlan): Server {
  return createServer((request, response) => {
    answer(plan, request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else json(response, 400, { error: 'invalid_request' });
    });
  });
}
