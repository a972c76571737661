import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { documentedMetrics, eventually, parseMetrics, sumOf, throwAwayDatabase } from '@tongchou/testing';
import { costsAt } from './costs-sheet.fixture.ts';
import type { Standing } from './stand-up.ts';
import { call, postLines, putBook, sampleCity } from './standing.fixture.ts';

let city: ReturnType<typeof sampleCity>;
let standing: Standing;
beforeAll(async () => {
  city = sampleCity(await throwAwayDatabase(), await throwAwayDatabase());
  standing = await city.stand();
});
afterAll(async () => {
  await standing.close();
  await city.drop();
});

async function scrape() {
  const response = await call(`${standing.url}/metrics`);
  expect(response.headers.get('content-type')?.split('; ').toSorted()).toEqual([
    'charset=utf-8',
    'text/plain',
    'version=0.0.4',
  ]);
  return parseMetrics(await response.text());
}

const send = async (...lines: readonly string[]): Promise<string> =>
  (await postLines(standing.url, lines.join('\n'))).text();

describe('/metrics', () => {
  it('serves the text format, whole and strictly, with buckets that add up', async () => {
    await send(putBook('format', '1'));
    const families = await eventually('the first look at the service', async () => {
      const seen = await scrape();
      return seen.has('tongchou_outbox_events') && seen;
    });
    expect(families.size).toBeGreaterThan(20);
    for (const [name, { type, help, samples }] of families) {
      expect(name.endsWith('_total')).toBe(type === 'counter');
      expect(help).not.toBe('description missing');
      if (type !== 'histogram') continue;
      for (const [key, count] of samples) {
        if (!key.startsWith(`${name}_count`)) continue;
        const labels = key.slice(`${name}_count`.length).replace(/^\{|\}$/g, '');
        const inf = `${name}_bucket{${labels === '' ? '' : `${labels},`}le="+Inf"}`;
        expect(samples.get(inf)).toBe(count);
      }
    }
  });

  it('moves when commands run, by command and outcome, and no client makes a label', async () => {
    const before = await scrape();
    const difference = async (name: string, ...parts: string[]): Promise<number> =>
      (sumOf(await scrape(), name, ...parts) ?? 0) - (sumOf(before, name, ...parts) ?? 0);
    await send(...['1', '2', '3', '4'].map((title) => putBook('moves', title)));
    await send(putBook('moves', '1'), '{"command":"\\"evil\\"","idempotencyKey":"x","input":{}}');
    expect(await difference('tongchou_append_events_total')).toBe(3);
    expect(await difference('tongchou_append_seconds_count')).toBeGreaterThanOrEqual(1);
    const count = 'tongchou_command_seconds_count';
    expect(await difference(count, 'command="PutBook"', 'outcome="accepted"')).toBe(3);
    expect(await difference(count, 'command="PutBook"', 'outcome="rejected"')).toBe(1);
    expect(await difference(count, 'command="PutBook"', 'outcome="repeated"')).toBe(1);
    expect(await difference(count, 'command="unknown"', 'outcome="invalid"')).toBe(1);
    expect(await (await call(`${standing.url}/metrics`)).text()).not.toMatch(/evil|moves/);
  });

  it('counts waiting at the gate of a hot stream', async () => {
    const bodies = Array.from({ length: 8 }, (_, index) => putBook('hot', String(index)));
    await eventually('commands of one stream met', async () => {
      await Promise.all(bodies.map((body) => send(body)));
      return (sumOf(await scrape(), 'tongchou_gate_waits_total') ?? 0) > 0;
    });
    expect(sumOf(await scrape(), 'tongchou_gate_wait_seconds_count')).toBeGreaterThan(0);
  });

  it('tells what the last look at the service saw', async () => {
    const families = await eventually('the outbox is empty and the model holds all', async () => {
      const seen = await scrape();
      const settled = sumOf(seen, 'tongchou_outbox_events') === 0 && sumOf(seen, 'tongchou_ready') === 1;
      const known =
        (sumOf(seen, 'tongchou_read_model_position') ?? 0) > 0 && sumOf(seen, 'tongchou_policy_lag_seconds') === 0;
      return settled && known && sumOf(seen, 'tongchou_leading') === 3 && seen;
    });
    expect(sumOf(families, 'tongchou_outbox_age_seconds')).toBe(0);
    expect(sumOf(families, 'tongchou_read_model_position', 'model="shelves"')).toBeGreaterThan(0);
    expect(sumOf(families, 'tongchou_read_model_lag_seconds', 'model="shelves"')).toBe(0);
    expect(sumOf(families, 'tongchou_read_model_stopped', 'model="shelves"')).toBe(0);
    expect(sumOf(families, 'tongchou_policy_lag_seconds', 'policy="books_of_costs"')).toBe(0);
    expect(sumOf(families, 'tongchou_receive_lag_messages', 'source="costs"')).toBe(0);
    expect(sumOf(families, 'tongchou_parked_streams', 'source="costs"')).toBe(0);
    expect(sumOf(families, 'tongchou_degraded')).toBe(0);
    expect(sumOf(families, 'tongchou_pool_connections', 'pool="hot"')).toBeGreaterThan(0);
    expect(sumOf(families, 'tongchou_build_info', 'service="shelf"')).toBe(1);
    expect(sumOf(families, 'process_resident_memory_bytes')).toBeGreaterThan(10e6);
  });

  it('tells how far behind another service it is, and serves what the page lists, no more and no less', async () => {
    const costs = await costsAt(city.busUrl);
    await costs.tell(1, 3);
    await costs.mark();
    const families = await eventually('a gap is parked and the watermarks are in', async () => {
      const seen = await scrape();
      const known = sumOf(seen, 'tongchou_receive_lag_seconds', 'source="costs"') !== undefined;
      return known && sumOf(seen, 'tongchou_parked_streams', 'source="costs"') === 1 && seen;
    });
    await costs.close();
    expect(sumOf(families, 'tongchou_receive_lag_messages', 'source="costs"')).toBe(0);
    expect(sumOf(families, 'tongchou_parked_messages', 'source="costs"')).toBe(1);
    const page = readFileSync(new URL('../../../docs/operations/metrics.md', import.meta.url), 'utf8');
    expect([...families.keys()].toSorted()).toEqual(documentedMetrics(page, 'Every process', 'A service'));
  });
});
