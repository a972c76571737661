import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

type Claims = Readonly<Record<string, unknown>>;

/** An OpenID provider on this machine, as far as a gateway sees one: discovery, keys, and tokens for the asking. */
export interface TestIssuer {
  readonly url: string;
  /** A director's token for our audience, unless claims or header say otherwise; a claim of `undefined` is left out. */
  token(claims?: Claims, header?: Claims): Promise<string>;
  /** A token of the same form, signed by a key that the issuer does not show. */
  foreign(): Promise<string>;
  /** The public key as a text: what HS256 could be signed with. */
  publicText(): Promise<string>;
  /** Signs with a new key from now on; the old one is no longer shown. */
  rotate(): Promise<void>;
  stop(): Promise<void>;
  /** Listens again where it did. */
  start(): Promise<void>;
}

interface Key {
  readonly secret: CryptoKey;
  readonly open: CryptoKey;
  readonly jwk: JWK;
}

let made = 0;

async function newKey(): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: `key-${++made}`, alg: 'ES256', use: 'sig' };
  return { secret: privateKey, open: publicKey, jwk };
}

export async function testIssuer(): Promise<TestIssuer> {
  let key = await newKey();
  let url = '';
  const server = createServer((request, response) => {
    const isKeys = request.url === '/jwks';
    response.end(JSON.stringify(isKeys ? { keys: [key.jwk] } : { issuer: url, jwks_uri: `${url}/jwks` }));
  });
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  url = `http://127.0.0.1:${port}`;

  const signed = (by: Key, claims: Claims, header: Claims): Promise<string> => {
    const now = Math.floor(Date.now() / 1_000);
    const whole = {
      iss: url,
      aud: 'tongchou',
      sub: 'tester',
      iat: now,
      exp: now + 300,
      roles: ['director'],
      ...claims,
    };
    const given: JWTPayload = Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined));
    return new SignJWT(given).setProtectedHeader({ alg: 'ES256', kid: by.jwk.kid ?? '', ...header }).sign(by.secret);
  };
  return {
    url,
    token: (claims = {}, header = {}) => signed(key, claims, header),
    foreign: async () => signed(await newKey(), {}, {}),
    publicText: () => exportSPKI(key.open),
    rotate: async () => {
      key = await newKey();
    },
    start: () => listen(port),
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
