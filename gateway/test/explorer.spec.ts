import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { sampleCity, type SampleCity } from './sample-city.ts';

interface Page {
  readonly location: { readonly hash: string; readonly pathname: string; readonly search: string };
  readonly history: { replaceState(state: null, title: string, address: string): void };
  readonly sessionStorage: { getItem(key: string): string | null; setItem(key: string, value: string): void };
}

/** What the page imports, which runs in browsers and here. */
interface SignIn {
  takeSecret(page: Page): string | null;
  demoTokens(issuer: string, secret: string, wanted: { role: string; district: string }): () => Promise<string>;
}

const asked: { authorization: string | undefined; form: string }[] = [];
let livesS = 3_600;
let issuer: Server;
let url: string;
let city: SampleCity;
let page: SignIn;
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url !== '/token') return void response.end(JSON.stringify({ token_endpoint: `${url}/token` }));
  let form = '';
  for await (const piece of request) form += String(piece);
  const { authorization } = request.headers;
  asked.push({ authorization, form });
  const isOurs = authorization === `Basic ${btoa('department-lead:secret')}`;
  response.statusCode = isOurs ? 200 : 401;
  response.end(JSON.stringify({ access_token: `token-${asked.length}`, expires_in: livesS }));
}

beforeAll(async () => {
  issuer = createServer((request, response) => void answer(request, response));
  issuer.listen(0, '127.0.0.1');
  await once(issuer, 'listening');
  url = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
  city = await sampleCity({ OIDC_ISSUER: url, DEMO_ISSUER: 'true' });
  page = await import(new URL('../graphiql/sign-in.js', import.meta.url).href);
});
afterAll(async () => {
  issuer.closeAllConnections();
  issuer.close();
  await city.close();
});
beforeEach(() => {
  asked.splice(0);
  livesS = 3_600;
});

function opened(hash: string, kept = new Map<string, string>()) {
  const shown: string[] = [];
  const at: Page = {
    location: { hash, pathname: '/graphiql', search: '' },
    history: { replaceState: (_state, _title, address) => shown.push(address) },
    sessionStorage: { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) },
  };
  return { at, shown, kept };
}

describe('the explorer of a demo', () => {
  it('knows the issuer and the roles, and may ask it; another one knows neither', async () => {
    const access = async (of: SampleCity): Promise<unknown> =>
      (await fetch(`${of.gateway.url}/graphiql/access.json`)).json();
    const policy = async (of: SampleCity): Promise<string | null> =>
      (await fetch(`${of.gateway.url}/graphiql`)).headers.get('content-security-policy');
    expect(await access(city)).toMatchObject({
      issuer: url,
      roles: expect.arrayContaining([{ role: 'director', zh: '主任' }]),
    });
    expect(await policy(city)).toContain(`connect-src 'self' ${url};`);
    const other = await sampleCity();
    expect(await access(other)).toEqual({ roles: [] });
    expect(await policy(other)).toContain("connect-src 'self';");
    await other.close();
  });

  it('takes the secret out of the address, and keeps it for the tab', () => {
    const first = opened('#demo=s3cret%2F-_');
    expect(page.takeSecret(first.at)).toBe('s3cret/-_');
    expect(first.shown).toEqual(['/graphiql']);
    const again = opened('', first.kept);
    expect([page.takeSecret(again.at), again.shown]).toEqual(['s3cret/-_', []]);
    expect(page.takeSecret(opened('').at)).toBeNull();
  });

  it('asks for a token of a role and a district once, and again before it expires', async () => {
    const token = page.demoTokens(url, 'secret', { role: 'department-lead', district: 'Staten Island' });
    expect([await token(), await token()]).toEqual(['token-1', 'token-1']);
    expect(asked).toMatchObject([{ form: 'grant_type=client_credentials&district=Staten+Island' }]);
    livesS = 30;
    const short = page.demoTokens(url, 'secret', { role: 'department-lead', district: '' });
    expect([await short(), await short()]).toEqual(['token-2', 'token-3']);
    expect(asked.at(-1)?.form).toBe('grant_type=client_credentials');
  });

  it('says what to do when the secret is of another city', async () => {
    const token = page.demoTokens(url, 'old', { role: 'director', district: '' });
    await expect(token()).rejects.toThrow('open the address that npm start prints');
  });
});
