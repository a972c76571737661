import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { documentedMetrics, parseMetrics, sumOf } from '@tongchou/testing';
import { sampleCity, type SampleCity } from './sample-city.ts';

let city: SampleCity;
beforeAll(async () => {
  city = await sampleCity({ METRICS_TOKEN });
});
afterAll(() => city.close());

const METRICS_TOKEN = 'figures-and-nothing-else';
const figures = async () =>
  (await city.fetch('/metrics', { headers: { authorization: `Bearer ${METRICS_TOKEN}` } })).text();
const scrape = async () => parseMetrics(await figures());
const REQUESTS = 'tongchou_gateway_request_seconds_count';
const CALLS = 'tongchou_gateway_subgraph_call_seconds_count';

it('measures requests by kind and outcome, calls by subgraph, and no text of a client', async () => {
  await city.ask('query Secret { other }');
  await city.ask('{ works(first: 1) { totalCount } project(id: "p2") { costSheet { lines { amount } } } }');
  await city.ask('mutation ($input: RegisterInput!) { registerProject(input: $input) { project { name } } }', {
    input: { idempotencyKey: '1', name: 'Secret' },
  });
  await city.ask('{ nowhere }');
  await city.ask('not graphql');
  await city.post('/graphql', '[');
  await city.post('/v1/nobody/commands', '');
  const families = await scrape();
  const requests = (operation: string, outcome: string): number | undefined =>
    sumOf(families, REQUESTS, `operation="${operation}"`, `outcome="${outcome}"`);
  expect(requests('query', 'answered')).toBe(1);
  expect(requests('query', 'partial')).toBe(1);
  expect(requests('mutation', 'answered')).toBe(1);
  expect(requests('none', 'refused')).toBe(3);
  expect(requests('commands', 'refused')).toBe(1);
  expect(sumOf(families, CALLS, 'subgraph="projects"', 'outcome="answered"')).toBeGreaterThanOrEqual(3);
  expect(sumOf(families, CALLS, 'subgraph="costs"', 'outcome="answered"')).toBe(1);
  expect(await figures()).not.toMatch(/Secret|nowhere|nobody|127\.0\.0\.1/);
});

it('shows an open breaker while a service is away, and serves what the page lists', async () => {
  await city.costs.stop();
  for (let calls = 0; calls < 6; calls += 1) await city.ask('{ project(id: "p1") { ceiling } }');
  const families = await scrape();
  expect(sumOf(families, 'tongchou_gateway_breaker_open', 'subgraph="costs"', 'member="1"')).toBe(1);
  expect(sumOf(families, 'tongchou_gateway_breaker_open', 'subgraph="projects"')).toBe(0);
  expect(sumOf(families, CALLS, 'subgraph="costs"', 'outcome="unavailable"')).toBeGreaterThan(4);
  expect(sumOf(families, REQUESTS, 'operation="query"', 'outcome="partial"')).toBeGreaterThan(4);
  expect(sumOf(families, 'tongchou_ready')).toBe(1);
  const page = readFileSync(new URL('../../docs/operations/metrics.md', import.meta.url), 'utf8');
  expect([...families.keys()].toSorted()).toEqual(documentedMetrics(page, 'Every process', 'The gateway'));
});

it('alarms on nothing that is not served', () => {
  const read = (name: string): string =>
    readFileSync(new URL(`../../docs/operations/${name}`, import.meta.url), 'utf8');
  const known = documentedMetrics(read('metrics.md'), 'Every process', 'A service', 'The gateway');
  const alarmed = [...read('alerts.yml').matchAll(/^ +expr: (.*)$/gm)].flatMap(
    ([, expression = '']) => expression.match(/\b(?:tongchou|nodejs|process)_[a-z0-9_]+/g) ?? [],
  );
  expect(alarmed.length).toBeGreaterThan(10);
  expect(
    alarmed.map((name) => name.replace(/_(bucket|count|sum)$/, '')).filter((name) => !known.includes(name)),
  ).toEqual([]);
});
