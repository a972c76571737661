import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { openStore, silentLog } from '@tongchou/event-store';
import type { Store } from '@tongchou/event-store';
import { eventually, throwAwayDatabase } from '@tongchou/testing';
import type { ThrowAwayDatabase } from '@tongchou/testing';
import pg from 'pg';
import type { Bus } from './bus.ts';
import { joinBakery, openMill, relayOf } from './mill.fixture.ts';
import { listParked } from './parked.ts';
import { openPostgresBus } from './postgres-bus.ts';
import { openListener, SOURCE, TOPIC } from './receiving.fixture.ts';
import type { Relay } from './relay.ts';
import { askToRepublish, republishing } from './republishing.ts';

type Mill = Awaited<ReturnType<typeof openMill>>;

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

let mill: Mill;
let millDatabase: ThrowAwayDatabase;
let bakery: Awaited<ReturnType<typeof openListener>>;
let buses: { readonly url: string; readonly bus: Bus; drop(): Promise<void> }[];

beforeAll(async () => {
  millDatabase = await throwAwayDatabase();
  mill = await openMill(millDatabase);
  bakery = await openListener(await throwAwayDatabase());
  buses = [];
  for (let made = 0; made < 2; made += 1) {
    const { url, drop } = await throwAwayDatabase();
    buses.push({ url, drop, bus: await openPostgresBus({ url, log: silentLog }) });
  }
});
afterAll(async () => {
  for (const { bus, drop } of buses) {
    await bus.close();
    await drop();
  }
  await mill.close();
  await bakery.close();
});

function busAt(which: number) {
  const chosen = buses[which];
  if (chosen) return chosen;
  throw new Error('There are two buses');
}

/** Relay and listener on one of the buses, until `leave`. */
async function moveTo(which: number, store: Store = mill.store): Promise<{ relay: Relay; leave(): Promise<void> }> {
  const chosen = busAt(which);
  const member = await joinBakery(bakery.store, chosen.url);
  const relay = relayOf(store, chosen.bus);
  let left: Promise<void> | undefined;
  const leave = (): Promise<void> => (left ??= relay.stop().then(() => member.close()));
  ends.push(leave);
  return { relay, leave };
}

async function arrived(of: Pick<Mill, 'ground'> = mill): Promise<void> {
  const wanted = await of.ground();
  await eventually('all arrives', async () => (await bakery.received()).length >= wanted.length);
  expect((await bakery.received()).sort()).toEqual([...wanted].sort());
  expect(await listParked(bakery.store)).toEqual([]);
}

/** The mill's database as it is now, under another name: what a restored backup would be. */
async function copyOfMill(): Promise<Store> {
  const copy = await throwAwayDatabase();
  const [from, to] = [mill.url, copy.url].map((url) => new URL(url).pathname.slice(1));
  await copy.drop();
  await mill.store.close();
  const client = new pg.Client({ connectionString: process.env['TEST_DATABASE_URL'] });
  await client.connect();
  await client.query(`create database ${to} template ${from}`);
  await client.end();
  mill = await openMill(millDatabase);
  const store = await openStore({ url: copy.url, service: SOURCE });
  ends.push(async () => {
    await store.close();
    await copy.drop();
  });
  return store;
}

it('a bus that is come back to goes on where it was left, and every fact arrives on either', async () => {
  await mill.grind('before', 'public', 'private', 'public');
  const first = await moveTo(0);
  await arrived();
  await first.leave();
  await mill.grind('between', 'public', 'public');
  const second = await moveTo(1);
  await mill.grind('on the second', 'public');
  await arrived();
  expect(second.relay.status()).toMatchObject({ published: 6 });
  await second.leave();
  const again = await moveTo(0);
  await mill.grind('on the first', 'public');
  await arrived();
  expect(again.relay.status()).toMatchObject({ published: 4, generation: first.relay.status().generation });
});

it('a store that lacks what was published from it stops its relay, until a new generation is wished for', async () => {
  const { relay, leave } = await moveTo(0);
  await mill.grind('kept', 'public');
  await arrived();
  await leave();
  const restored = await copyOfMill();
  const onward = await moveTo(0);
  await mill.grind('lost', 'public', 'public');
  await arrived();
  await onward.leave();
  const held = (await bakery.received()).length;

  const late = await moveTo(0, restored);
  const stopped = await eventually('it stops', () => late.relay.status().stopped);
  expect(stopped).toContain('an older state of it');
  expect(stopped).toContain('npm run bus:republish -- mill');
  expect(late.relay.status().published).toBe(0);
  const { wish, facts } = await askToRepublish(restored);
  await eventually('it is published anew', async () => {
    const told = await republishing(restored, busAt(0).bus);
    return told?.wish === wish && told.done && told.published === facts;
  });
  expect(late.relay.status()).not.toHaveProperty('stopped');
  expect(late.relay.status().generation).not.toBe(relay.status().generation);
  await eventually('who listens absorbs it', async () => {
    const wanted = await busAt(0).bus.ends(TOPIC);
    const offsets = await bakery.offsets();
    return wanted.every((end, at) => (offsets[`${late.relay.status().generation} ${at}`] ?? 0) >= end - 1);
  });
  expect((await bakery.received()).length).toBe(held);
});

it('the topic of another store is not published to, and what is said there all the same is passed over', async () => {
  const { leave } = await moveTo(1);
  await arrived();
  await leave();
  const stranger = await openMill(await throwAwayDatabase());
  ends.push(() => stranger.close());
  await stranger.grind('elsewhere', 'public', 'public');
  const { relay } = await moveTo(1, stranger.store);
  const stopped = await eventually('it stops', () => relay.status().stopped);
  expect(stopped).toContain(`${TOPIC} holds facts of another store of mill`);
  const before = await bakery.received();
  await askToRepublish(stranger.store);
  await eventually('it publishes', () => relay.status().published === 2);
  const wanted = await busAt(1).bus.ends(TOPIC);
  await eventually('it is passed over', async () => {
    const offsets = await bakery.offsets();
    return wanted.every((end, at) => (offsets[`${relay.status().generation} ${at}`] ?? 0) >= end);
  });
  expect(await bakery.received()).toEqual(before);
});
