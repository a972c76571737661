import { afterAll, expect, it } from '@jest/globals';
import { freePort } from '@tongchou/embedded-postgres';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { choosePorts } from './ports.ts';

const servers: Server[] = [];
afterAll(() => Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve)))));

const taking = async (port: number): Promise<void> => {
  const server = createServer().listen(port, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
};

/** A base behind which nothing listens now. */
async function quietBase(): Promise<number> {
  for (let base = 41_000; ; base += 100) {
    const street = await Promise.all([0, 1, 2, 3, 4, 5, 6].map((at) => freePort(base + at)));
    if (street.every((port, at) => port === base + at)) return base;
  }
}

it('gives each app its own port, and one whose port is taken the next free one behind the street', async () => {
  const base = await quietBase();
  await taking(base);
  const places = await choosePorts(['gateway', 'projects', 'costs'], base);
  expect(places.map(({ app, port }) => [app, port - base])).toEqual([
    ['gateway', 5],
    ['projects', 1],
    ['costs', 2],
  ]);
});

it('parts ways from a city that looked at the same moment', async () => {
  const base = await quietBase();
  await taking(base + 1);
  const places = await choosePorts(['gateway', 'projects', 'costs'], base, true);
  expect(places.map(({ port }) => port - base >= 15)).toEqual([false, true, false]);
  expect(new Set(places.map(({ port }) => port)).size).toBe(3);
});

it('gives further instances of an app ports behind the street', async () => {
  const base = await quietBase();
  const places = await choosePorts(['gateway', 'projects', 'projects', 'costs', 'costs', 'costs'], base);
  expect(places.map(({ app, number, port }) => [app, number, port - base])).toEqual([
    ['gateway', 1, 0],
    ['projects', 1, 1],
    ['projects', 2, 5],
    ['costs', 1, 2],
    ['costs', 2, 6],
    ['costs', 3, 7],
  ]);
});
