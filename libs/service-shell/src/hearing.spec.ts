import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually, throwAwayDatabase } from '@tongchou/testing';
import { costsAt, sheet } from './costs-sheet.fixture.ts';
import { shelfId } from './shelf.fixture.ts';
import { ask, call, sampleCity } from './standing.fixture.ts';
import type { Standing } from './stand-up.ts';

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

const operations = async (path: string, body?: object): Promise<unknown> => {
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await call(`${standing.url}/v1/operations/${path}`, body && post);
  return response.json();
};

it('hears facts through its one handler, lets a policy answer, and parks a gap until it heals', async () => {
  const costs = await costsAt(city.busUrl);
  await costs.tell(1, 3);

  const books = async (): Promise<unknown> =>
    (await ask(standing.url, `{ shelf(id: "${shelfId('costs')}") { books } }`)).data?.['shelf'];
  expect(await eventually('the policy', async () => (await books()) ?? false)).toEqual({ books: 1 });
  expect(await operations('parked')).toMatchObject({ parked: [{ source: 'costs', streamId: sheet, reason: 'gap' }] });
  expect(await operations('parked/release', { source: 'costs', streamId: sheet })).toMatchObject({ released: 0 });

  await costs.tell(2);
  const received = async (): Promise<boolean> => {
    const status = (await operations('status')) as { receiver: { received: number } };
    return status.receiver.received === 3;
  };
  await eventually('the gap to heal', received);
  expect(await operations('parked')).toEqual({ parked: [] });
  await costs.close();
});
