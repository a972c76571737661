import { rm } from 'node:fs/promises';

export default async function teardown() {
  await globalThis.testKafka?.stop?.();
  if (!globalThis.testPostgres) return;
  await globalThis.testPostgres.server.stop();
  await rm(globalThis.testPostgres.folder, { recursive: true, force: true });
}
