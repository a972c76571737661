import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sampleCity, type SampleCity } from './sample-city.ts';

const PAGE = 'https://map.example.org';

describe('the gateway over HTTP', () => {
  let city: SampleCity;
  let open: SampleCity;
  beforeAll(async () => {
    city = await sampleCity();
    open = await sampleCity({ CORS_ORIGINS: `${PAGE}, https://two.example.org` });
  });
  afterAll(async () => {
    await city.close();
    await open.close();
  });

  it('lives, is ready, has started, and says what runs here', async () => {
    const get = async (path: string): Promise<unknown> => (await city.fetch(path)).json();
    expect(await get('/health/live')).toEqual({ status: 'live' });
    expect(await get('/health/ready')).toEqual({
      status: 'ready',
      services: { projects: 'up', costs: 'up' },
      warnings: [],
    });
    expect(await get('/health/startup')).toEqual({ status: 'started' });
    expect(await get('/version')).toMatchObject({
      service: 'gateway',
      node: process.version,
      supergraph: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
  });

  it('lets no other site ask unless it is listed', async () => {
    const preflight = (url: string, origin: string): Promise<Response> =>
      fetch(`${url}/graphql`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
      });
    expect((await preflight(city.gateway.url, PAGE)).headers.get('access-control-allow-origin')).toBeNull();
    expect(
      (await preflight(open.gateway.url, 'https://evil.example.org')).headers.get('access-control-allow-origin'),
    ).toBeNull();
    const allowed = await preflight(open.gateway.url, PAGE);
    expect(allowed.headers.get('access-control-allow-origin')).toBe(PAGE);
    expect(allowed.headers.get('access-control-allow-headers')).toContain('x-consistency-at-least');
    const refused = await open.ask('{', {}, { origin: PAGE });
    expect(refused.headers.get('access-control-allow-origin')).toBe(PAGE);
  });

  it('names nothing of what it is made of', async () => {
    const answer = await city.ask('{ other }');
    expect(answer.headers.get('x-powered-by')).toBeNull();
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const missing = await city.fetch('/etc/passwd');
    expect([missing.status, await missing.json()]).toMatchObject([
      404,
      { error: { code: 'NOT_FOUND', service: 'gateway' } },
    ]);
  });

  it('answers what is under way before it ends, and takes nothing new', async () => {
    const ending = await sampleCity();
    ending.costs.mood = 'frozen';
    const underWay = ending.ask('{ works(first: 1) { nodes { project { id costSheet { budget } } } } }');
    while (ending.costs.heard.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const closed = ending.close();
    await expect(ending.ask('{ other }')).rejects.toThrow('fetch failed');
    expect((await underWay).body).toMatchObject({ data: { works: { nodes: [{ project: { id: 'p0' } }] } } });
    await closed;
  });
});

describe('the explorer', () => {
  let city: SampleCity;
  beforeAll(async () => void (city = await sampleCity()));
  afterAll(() => city.close());

  it('is a page that loads nothing from elsewhere', async () => {
    const page = await fetch(`${city.gateway.url}/graphiql`);
    const html = await page.text();
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'; script-src 'self';/);
    const loaded = [...html.matchAll(/(?:src|href)="(.*?)"/g)].map(([, address]) => address ?? '');
    expect(loaded.length).toBeGreaterThan(4);
    for (const address of loaded.filter((one) => one !== 'data:,')) {
      expect(address).toMatch(/^\/graphiql\/[\w.-]+$/);
      const file = await fetch(city.gateway.url + address);
      expect([file.status, file.headers.get('content-type')]).toEqual([
        200,
        expect.stringMatching(/^text\/(javascript|css)/),
      ]);
      expect((await file.text()).length).toBeGreaterThan(30);
    }
    expect(html).not.toMatch(/<script(?! src="\/graphiql\/)/);
  });

  it('has no other files', async () => {
    for (const name of ['package.json', '..%2f..%2fpackage.json', 'page.html', '__proto__']) {
      expect((await fetch(`${city.gateway.url}/graphiql/${name}`)).status).toBe(404);
    }
  });
});
