import { createServer, connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterAll, expect, it } from '@jest/globals';
import { type Proxy, startProxy } from './proxy.ts';

const heard: string[] = [];
const echo = createServer((socket) => {
  socket.on('data', (piece) => {
    heard.push(String(piece));
    socket.write(`done ${String(piece)}`);
  });
  socket.on('error', () => undefined);
});
await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
const address = echo.address();
const targetPort = typeof address === 'object' && address ? address.port : 0;

const open: (Proxy | Socket)[] = [];
afterAll(async () => {
  for (const one of open) 'port' in one ? await one.close() : one.destroy();
  await new Promise<void>((resolve) => echo.close(() => resolve()));
});

async function client(proxy: Proxy): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: proxy.port });
  socket.on('error', () => undefined);
  open.unshift(socket);
  await once(socket, 'connect');
  return socket;
}

it('drops the answer of what it is to cut, after the work was done, and passes everything else', async () => {
  const cuts: string[] = [];
  const wanted = new Set(['key-7']);
  const proxy = await startProxy({
    targetPort,
    cutting: {
      request: /key-\d+/,
      wanted: (name) => wanted.delete(name),
      answer: /done/,
      cut: (name, dropped) => void cuts.push(`${name}: ${dropped}`),
    },
  });
  open.push(proxy);
  const first = await client(proxy);
  first.write('key-1');
  expect(String((await once(first, 'data'))[0])).toBe('done key-1');
  const closed = new Promise<void>((resolve) => first.once('close', () => resolve()));
  first.write('key-7');
  await closed;
  expect(heard).toEqual(['key-1', 'key-7']);
  expect(cuts).toEqual(['key-7: done key-7']);
  const second = await client(proxy);
  second.write('key-7');
  expect(String((await once(second, 'data'))[0])).toBe('done key-7');
});

it('lets nothing pass while it is frozen, and everything afterwards', async () => {
  const proxy = await startProxy({ targetPort });
  open.push(proxy);
  const socket = await client(proxy);
  socket.write('before');
  await once(socket, 'data');
  proxy.freeze();
  const answer = once(socket, 'data');
  socket.write('frozen');
  const before = heard.length;
  const other = await client(proxy);
  other.write('frozen too');
  expect(heard).toHaveLength(before);
  proxy.thaw();
  expect(String((await answer)[0])).toBe('done frozen');
});
