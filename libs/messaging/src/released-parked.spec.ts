import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { throwAwayDatabase } from '@tongchou/testing';
import { discardParked, releaseParked } from './release-parked.ts';
import { releasedParked } from './released-parked.ts';
import { listParked } from './parked.ts';
import { batchOf, factMessageOf, openListener } from './receiving.fixture.ts';

const DAY_MS = 86_400_000;
const still = new AbortController().signal;

let listener: Awaited<ReturnType<typeof openListener>>;
beforeAll(async () => {
  listener = await openListener(await throwAwayDatabase());
});
afterAll(() => listener.close());

const age = (days: number): Promise<unknown> =>
  listener.store.pool.query(
    `update es.parked set parked_at = parked_at - $1 * interval '1 day', released_at = released_at - $1 * interval '1 day'`,
    [days],
  );

it('goes some time after it was released or given up; what waits stays, however old', async () => {
  const { store, contracts } = listener;
  const bad = { data: { sacks: 'many' } };
  await listener.receiver.receive(
    batchOf([
      factMessageOf('waits', 1, bad),
      factMessageOf('mended', 1, { schemaVersion: 2 }),
      factMessageOf('given up', 1, bad),
    ]),
  );
  const parked = await listParked(store);
  expect(parked).toHaveLength(3);
  contracts.known = 2;
  const [mended] = parked.filter(({ reason }) => /version/i.test(reason));
  expect(await releaseParked(store, [mended?.id ?? ''], contracts)).toMatchObject({ released: 1 });
  const [first] = parked.filter(({ id }) => id !== mended?.id);
  expect(await discardParked(store, [first?.id ?? ''], 'a forgery', contracts)).toBe(1);

  await age(29);
  expect(await releasedParked(store.pool, 30 * DAY_MS).remove(still)).toBe(0);
  await age(400);
  expect(await releasedParked(store.pool, 30 * DAY_MS).remove(still)).toBe(2);
  expect(await releasedParked(store.pool, 30 * DAY_MS).remove(still)).toBe(0);
  expect(await listParked(store)).toHaveLength(1);
});
