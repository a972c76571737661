import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { projectIdOf } from '@tongchou/contracts';
import { parse, validate } from 'graphql';
import { examples } from '../src/explorer/explorer.controller.ts';
import { hiveGraph } from '../src/graph/hive-graph.ts';
import { checkDocument } from '../src/http/document-limits.ts';

describe('the examples of the explorer', () => {
  it('are five, within the limits, and right in the graph that is served', async () => {
    const sdl = await readFile(new URL('../../docs/supergraph.graphql', import.meta.url), 'utf8');
    const { schema } = hiveGraph(sdl, () => undefined);
    const all = await examples();
    expect(all.map(({ title }) => title)).toEqual([
      'table of works',
      'city by phase',
      'one work',
      'late and dear',
      'register and report',
    ]);
    for (const { query } of all) {
      expect(validate(schema, parse(query))).toEqual([]);
      expect(() => checkDocument(query)).not.toThrow();
    }
  });

  it('name works by the ids that they have', async () => {
    const text = (await examples()).map(({ query }) => query).join('\n');
    expect(text).toContain(projectIdOf('nyc-capital-projects', '3'));
    expect(text).toContain(projectIdOf('explorer', 'footbridge-1'));
  });
});
