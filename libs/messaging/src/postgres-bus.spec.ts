import { afterAll } from '@jest/globals';
import { silentLog } from '@tongchou/event-store';
import { throwAwayDatabase } from '@tongchou/testing';
import { busSuite } from '@tongchou/testing/bus-suite';
import { openPostgresBus } from './postgres-bus.ts';

const database = await throwAwayDatabase();
afterAll(() => database.drop());

const open = () => openPostgresBus({ url: database.url, log: silentLog, timing: { heartbeatMs: 100 } });

busSuite('PostgreSQL', async () => {
  const bus = await open();
  return { bus, another: open, close: () => bus.close() };
});
