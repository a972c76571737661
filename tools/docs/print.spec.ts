import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { contractsOf, publishingServices } from '@tongchou/contracts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { POLICY } from '@tongchou/access';
import { printAccess } from './access-page.ts';
import { asyncApi } from './async-api.ts';
import { printEvents } from './events-page.ts';
import { jsonSchemaFiles, jsonSchemaOf } from './json-schemas.ts';
import { printDocs } from './print.ts';

const root = await mkdtemp(path.join(tmpdir(), 'docs-'));
afterAll(() => rm(root, { recursive: true, force: true }));

const facts = publishingServices.flatMap((service) =>
  Object.entries(contractsOf(service)).map(([type, { example }]) => ({ service, type, example })),
);

describe('the JSON Schemas', () => {
  const ajv = new Ajv2020({ strict: true });
  formats.default(ajv);

  it.each(facts)('of $service $type fits its example, and is closed to nothing new', ({ service, type, example }) => {
    const validate = ajv.compile(jsonSchemaOf(service, type));
    expect(validate({ ...example, added: 1 })).toBe(true);
    expect(validate([])).toBe(false);
  });
});

describe('the AsyncAPI', () => {
  it('has a channel a service, and every reference leads somewhere', () => {
    const text = JSON.stringify(asyncApi());
    const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, target = '']) => target);
    const files = jsonSchemaFiles().map((file) => file.path.replace('docs/', './'));
    const follow = (target: string): unknown =>
      target
        .slice(2)
        .split('/')
        .reduce<unknown>((at, key) => Object(at)[key], asyncApi());
    for (const target of references) {
      const found = target.startsWith('#') ? follow(target) : files.includes(target) || undefined;
      expect([target, found]).not.toEqual([target, undefined]);
    }
    expect(asyncApi()).toMatchObject({
      channels: { projectsEvents: { address: 'projects.events.v1' }, costsEvents: { address: 'costs.events.v1' } },
    });
  });
});

describe('the catalogue of events', () => {
  it('names every fact with its version', () => {
    const page = printEvents();
    for (const { type } of facts) expect(page).toContain(`### ${type} v1`);
    expect(page).toContain('`slipDays` | integer |');
  });
});

describe('the page of access', () => {
  it('has a row for every action, marked for the roles that may', () => {
    const page = printAccess();
    for (const [action, { roles }] of Object.entries(POLICY)) {
      const row = page.split('\n').find((line) => line.startsWith(`| \`${action.replace(/^\w+ /, '')}\` |`));
      expect([action, row?.split('✓').length]).toEqual([action, roles.length + 1]);
    }
  });
});

describe('printing', () => {
  const text = async (file: string) => readFile(path.join(root, file), 'utf8');
  let printed = 'one\n';
  const files = [
    { path: 'page.md', content: () => printed },
    { path: 'golden/a.json', keptForEver: true as const, content: () => printed },
  ];

  it('writes what is missing, then nothing', async () => {
    expect(await printDocs({ root, files, check: true })).toEqual({ stale: ['page.md', 'golden/a.json'], written: [] });
    expect((await printDocs({ root, files })).written).toEqual(['page.md', 'golden/a.json']);
    expect((await printDocs({ root, files })).written).toEqual([]);
  });

  it('brings a stale page up to date, and never touches what is kept for ever', async () => {
    printed = 'two\n';
    await writeFile(path.join(root, 'golden/a.json'), 'as it once was\n');
    expect(await printDocs({ root, files, check: true })).toEqual({ stale: ['page.md'], written: [] });
    await printDocs({ root, files });
    expect([await text('page.md'), await text('golden/a.json')]).toEqual(['two\n', 'as it once was\n']);
  });
});
