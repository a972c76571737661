import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'graphql';
import { compose, CompositionFailed, composeSupergraph, type SubgraphFile } from './compose.ts';

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])\n`;
const works = `${link}type Query { work(id: ID!): Work } type Work @key(fields: "id") { id: ID! name: String }`;
const sheets = `${link}type Work @key(fields: "id") { id: ID! budget: Int }`;

const subgraph = (name: string, sdl: string): SubgraphFile => ({
  name,
  file: `services/${name}/src/api/schema.graphql`,
  sdl,
});

const faultsOf = (attempt: () => unknown): readonly string[] => {
  try {
    attempt();
  } catch (error) {
    if (error instanceof CompositionFailed) return error.faults;
    throw error;
  }
  throw new Error('it composed');
};

describe('the supergraph', () => {
  let root = '';
  beforeAll(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'compose-'));
    for (const [name, sdl] of [
      ['costs', sheets],
      ['projects', works],
    ] as const) {
      await mkdir(path.join(root, `services/${name}/src/api`), { recursive: true });
      await writeFile(path.join(root, `services/${name}/src/api/schema.graphql`), sdl);
    }
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it('is composed from the schemas of all services, without an address, the same each time', async () => {
    const base = pathToFileURL(`${root}/`);
    const sdl = await composeSupergraph(base);
    expect(sdl).toContain('PROJECTS @join__graph(name: "projects"');
    expect(sdl).toContain('COSTS @join__graph(name: "costs"');
    expect(sdl).not.toMatch(/127\.0\.0\.1|localhost|:\d{4}/);
    expect(() => parse(sdl)).not.toThrow();
    expect(await composeSupergraph(base)).toBe(sdl);
  });

  it('names the file and the place of a schema that does not parse', () => {
    const faults = faultsOf(() => compose([subgraph('projects', works), subgraph('costs', `${link}type Work {`)]));
    expect(faults).toEqual([
      expect.stringMatching(/^services\/costs\/src\/api\/schema\.graphql: line 2, column \d+: Syntax Error/),
    ]);
  });

  it('names the files and the reason of schemas that do not fit', () => {
    const clash = `${link}type Work @key(fields: "id") { id: ID! name: Int }`;
    const faults = faultsOf(() => compose([subgraph('projects', works), subgraph('costs', clash)]));
    expect(faults.join('\n')).toMatch(/services\/(projects|costs)\/src\/api\/schema\.graphql.*Work\.name/s);
  });

  it('names the service that has no schema', async () => {
    await mkdir(path.join(root, 'services/labor'), { recursive: true });
    await expect(composeSupergraph(pathToFileURL(`${root}/`))).rejects.toThrow(
      'services/labor/src/api/schema.graphql: cannot be read',
    );
  });
});
