import { afterAll, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

interface Graph {
  readonly nodes: Readonly<Record<string, { readonly data: { readonly tags: readonly string[] } }>>;
  readonly dependencies: Readonly<Record<string, readonly { readonly source: string; readonly target: string }[]>>;
}

/** Which kinds of project a kind may depend on. Services meet only through libs. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  lib: ['lib'],
  service: ['lib'],
  gateway: ['lib'],
  tools: ['lib'],
};

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'tongchou-graph-'));
afterAll(() => rmSync(folder, { recursive: true }));

function projectGraph(): Graph {
  const file = path.join(folder, 'graph.json');
  const nx = spawnSync(process.execPath, ['node_modules/nx/dist/bin/nx.js', 'graph', `--file=${file}`], { cwd: root });
  expect(nx.status).toBe(0);
  return (JSON.parse(readFileSync(file, 'utf8')) as { graph: Graph }).graph;
}

it('lets projects depend only on the kinds that their tags allow', () => {
  const { nodes, dependencies } = projectGraph();
  const kind = (name: string): string => nodes[name]?.data.tags.find((tag) => tag.startsWith('kind:'))?.slice(5) ?? '';
  const edges = Object.values(dependencies)
    .flat()
    .filter(({ target }) => target in nodes);
  expect(edges.length).toBeGreaterThan(10);
  expect(Object.keys(nodes).filter((name) => !(kind(name) in MAY))).toEqual([]);
  expect(edges.filter(({ source, target }) => !MAY[kind(source)]?.includes(kind(target)))).toEqual([]);
});
