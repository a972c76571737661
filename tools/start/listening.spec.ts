import { afterAll, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { listensOn } from './listening.ts';

const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
const port = typeof address === 'object' && address ? address.port : 0;
afterAll(() => new Promise((resolve) => server.close(resolve)));

it('tells who listens on a port, where the system says so', async () => {
  const says = process.platform === 'linux';
  expect(await listensOn(process.pid, port)).toBe(says ? true : undefined);
  expect(await listensOn(process.ppid, port)).toBe(says ? false : undefined);
  expect(await listensOn(4_194_000, port)).toBe(says ? false : undefined);
});
