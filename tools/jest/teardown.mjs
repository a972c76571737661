import { rm } from 'node:fs/promises';

export default async function teardown() {
  if (!globalThis.testPostgres) return;
  await globalThis.testPostgres.server.stop();
  await rm(globalThis.testPostgres.folder, { recursive: true, force: true });
}
