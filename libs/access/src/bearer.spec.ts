import { createHmac, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey, JWK } from 'jose';
import { bearerOf, verifyBearer } from './bearer.ts';
import { providerKeys } from './provider-keys.ts';
import { TokenFault } from './token-fault.ts';

interface Signer {
  readonly kid: string;
  readonly secret: CryptoKey;
  readonly open: CryptoKey;
  readonly jwk: JWK;
}

async function signer(kid: string): Promise<Signer> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' };
  return { kid, secret: privateKey, open: publicKey, jwk };
}

const AUDIENCE = 'tongchou';
const now = (): number => Math.floor(Date.now() / 1000);

let first: Signer;
let second: Signer;
let served: JWK[] = [];
let fetches = 0;
let away = false;
let server: Server;
let issuer: string;

beforeAll(async () => {
  [first, second] = await Promise.all([signer('first'), signer('second')]);
  server = createServer((request, response) => {
    fetches += 1;
    if (away) return void response.writeHead(503).end();
    const found = request.url === '/keys' ? { keys: served } : { issuer, jwks_uri: `${issuer}/keys` };
    response.end(JSON.stringify(found));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  issuer = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  served = [first.jwk];
  fetches = 0;
  away = false;
});

const claims = (given: object = {}) => ({
  iss: issuer,
  aud: AUDIENCE,
  sub: 'li',
  iat: now(),
  exp: now() + 300,
  roles: ['director'],
  ...given,
});

const signed = (payload: Record<string, unknown>, by: Signer = first, header: object = {}): Promise<string> =>
  new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: by.kid, ...header }).sign(by.secret);

const noted: string[] = [];
const verifier = () => {
  const keys = providerKeys(issuer, (message) => noted.push(message));
  return (token: string) => verifyBearer(token, { issuer, audience: AUDIENCE, keys });
};

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a bearer token', () => {
  it('tells who stands behind it', async () => {
    const verify = verifier();
    expect(await verify(await signed(claims()))).toEqual({ subject: 'li', roles: ['director'] });
    expect(await verify(await signed(claims({ exp: now() - 20, nbf: now() + 20 })))).toMatchObject({ subject: 'li' });
  });

  it('is refused with every fault alike, and says nothing of it', async () => {
    const verify = verifier();
    const hmac = async (): Promise<string> => {
      const text = `${part({ alg: 'HS256', kid: 'first' })}.${part(claims())}`;
      return `${text}.${createHmac('sha256', await exportSPKI(first.open))
        .update(text)
        .digest('base64url')}`;
    };
    const { sub: _, ...nobody } = claims();
    const { exp: __, ...endless } = claims();
    const good = await signed(claims());
    const faulty: Record<string, string> = {
      expired: await signed(claims({ exp: now() - 31 })),
      'not yet valid': await signed(claims({ nbf: now() + 40 })),
      'another audience': await signed(claims({ aud: 'other' })),
      'another issuer': await signed(claims({ iss: 'http://127.0.0.1:1' })),
      'without a subject': await signed(nobody),
      'for ever': await signed(endless),
      'alg none': `${part({ alg: 'none' })}.${part(claims())}.`,
      'HS256 by the public key': await hmac(),
      'by a stranger under a known id': await signed(claims(), second, { kid: 'first' }),
      'of an unknown key': await signed(claims(), second),
      'changed afterwards': good.replace(/\.[^.]+\./, `.${part(claims({ roles: ['administrator'] }))}.`),
      'a claim of another form': await signed(claims({ districts: 'Bronx' })),
      'an unknown extension': await signed(claims(), first, { crit: ['b64x'], b64x: true }).catch(() => 'a.b.c'),
      noise: randomBytes(30).toString('base64url'),
    };
    for (const [fault, token] of Object.entries(faulty)) {
      const refused = await verify(token).then(
        () => fault,
        (error: unknown) => (error instanceof TokenFault ? error.message : String(error)),
      );
      expect([fault, refused]).toEqual([fault, 'Send a valid bearer token: authorization: Bearer TOKEN.']);
    }
  });

  it('stands in one header, as Bearer, and not endless', () => {
    expect(bearerOf('Bearer a.b.c')).toBe('a.b.c');
    expect(bearerOf('bearer a.b.c')).toBe('a.b.c');
    const faulty = [undefined, '', 'Bearer', 'Bearer ', 'Bearer a', 'Basic a.b.c', 'Bearer a.b.c, Bearer a.b.c'];
    for (const header of [...faulty, ['Bearer a.b.c', 'Bearer a.b.c'], `Bearer a.b.${'c'.repeat(100_000)}`]) {
      expect(() => bearerOf(header)).toThrow(TokenFault);
    }
  });
});

describe('keys of the provider', () => {
  it('are fetched once, and again for a new key id: two keys stand beside each other', async () => {
    const verify = verifier();
    const [old, fresh] = [await signed(claims()), await signed(claims(), second)];
    for (let times = 0; times < 3; times += 1) await verify(old);
    expect(fetches).toBe(2);
    served = [first.jwk, second.jwk];
    expect(await verify(fresh)).toMatchObject({ subject: 'li' });
    expect(await verify(old)).toMatchObject({ subject: 'li' });
    expect(fetches).toBe(4);
  });

  it('are not asked for again within a minute, however many unknown key ids come', async () => {
    const verify = verifier();
    await verify(await signed(claims()));
    const unknown = await signed(claims(), second);
    await Promise.all(Array.from({ length: 20 }, () => verify(unknown).catch(() => undefined)));
    await verify(unknown).catch(() => undefined);
    expect(fetches).toBe(4);
  });

  it('serve on while the provider is away, and come when it does', async () => {
    const verify = verifier();
    const token = await signed(claims());
    away = true;
    await expect(verify(token)).rejects.toThrow(TokenFault);
    expect(noted).toContain('the keys of the identity provider could not be fetched');
    away = false;
    await verify(token);
    away = true;
    expect(await verify(token)).toMatchObject({ subject: 'li' });
    await expect(verify(await signed(claims(), second))).rejects.toThrow(TokenFault);
    expect(await verify(token)).toMatchObject({ subject: 'li' });
  });

  it('are taken from nobody who says to be another issuer', async () => {
    const keys = providerKeys(`${issuer}/other`, () => undefined);
    const verified = verifyBearer(await signed(claims()), { issuer, audience: AUDIENCE, keys });
    await expect(verified).rejects.toThrow(TokenFault);
  });
});
