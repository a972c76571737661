import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readConfig } from '../src/config.ts';
import { standUpGateway } from '../src/stand-up.ts';
import { accessEnv, replaceFile, sampleCity, type SampleCity } from './sample-city.ts';

const WAIT_MS = 10_000;

/** Asks again until it is so, at most ten seconds. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + WAIT_MS; Date.now() < end; await pause(50)) if (await isSo()) return;
  throw new Error('it did not become so in time');
}

describe('the supergraph', () => {
  let city: SampleCity;
  beforeAll(async () => void (city = await sampleCity()));
  afterAll(() => city.close());

  const renamed = (): string =>
    city.sdl.replace(
      'other: Int @join__field(graph: PROJECTS)',
      'other: Int @join__field(graph: PROJECTS)\n  brandNew: Int @join__field(graph: PROJECTS)',
    );
  const knowsIt = async (): Promise<boolean> =>
    (await city.ask('{ __type(name: "Query") { fields { name } } }')).text.includes('brandNew');

  it('is served while no service is up, and answers when one comes', async () => {
    const config = readConfig({
      PORT: '0',
      LOG_LEVEL: 'silent',
      SUPERGRAPH: city.supergraphFile,
      PROJECTS_URL: 'http://127.0.0.1:1',
      COSTS_URL: 'http://127.0.0.1:1',
      ...accessEnv(city.issuer, city.access),
    });
    const alone = await standUpGateway(config);
    const ready = await fetch(`${alone.url}/health/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([200, { status: 'ready' }]);
    const response = await fetch(`${alone.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: city.authorization },
      body: '{"query":"{ other }"}',
    });
    expect([response.status, await response.json()]).toMatchObject([
      200,
      {
        data: { other: null },
        errors: [
          {
            path: ['other'],
            message: 'projects cannot be reached.',
            extensions: { code: 'SUBGRAPH_UNAVAILABLE', service: 'projects' },
          },
        ],
      },
    ]);
    await alone.close();
  });

  it('is swapped when its file changes, while requests are under way', async () => {
    expect(await knowsIt()).toBe(false);
    const before = await (await city.fetch('/version')).json();
    city.costs.mood = 'frozen';
    const underWay = city.ask('{ works(first: 1) { nodes { project { id costSheet { budget } } } } }');
    await replaceFile(city.supergraphFile, renamed());
    await until(knowsIt);
    expect((await underWay).body).toMatchObject({
      data: { works: { nodes: [{ project: { id: 'p0', costSheet: null } }] } },
      errors: [{ extensions: { code: 'SUBGRAPH_TIMEOUT' } }],
    });
    city.costs.mood = 'well';
    expect((await city.ask('{ other }')).body).toEqual({ data: { other: 7 } });
    expect(await (await city.fetch('/version')).json()).not.toEqual(before);
  });

  it('stays when the file becomes none', async () => {
    const warned = async (): Promise<boolean> =>
      (await (await city.fetch('/health/ready')).text()).includes('not served');
    for (const broken of ['type Query {', 'type Nothing { x: Int }', '']) {
      await replaceFile(city.supergraphFile, broken);
      await until(warned);
      expect((await city.ask('{ other }')).body).toEqual({ data: { other: 7 } });
      await replaceFile(city.supergraphFile, renamed());
      await until(async () => !(await warned()));
    }
    await replaceFile(city.supergraphFile, city.sdl);
    await until(async () => !(await knowsIt()));
  });

  it('that cannot be served lets nothing start', async () => {
    const file = `${city.supergraphFile}.broken`;
    await writeFile(file, 'type Nothing { x: Int }');
    const config = readConfig({
      PORT: '0',
      LOG_LEVEL: 'silent',
      SUPERGRAPH: file,
      ...accessEnv(city.issuer, city.access),
    });
    await expect(standUpGateway(config)).rejects.toThrow('holds no supergraph');
  });
});
