import { readdir, rm } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { alive } from '@tongchou/embedded-postgres';
import type { StateFolder } from '../state/state-folder.ts';

/**
 * A folder for what does not fit into memory, of this process alone: taken away when it ends, or by the next import when
 * it was killed.
 */
export async function spillFolder(city: StateFolder): Promise<string> {
  const all = path.join(city.path, 'spill');
  for (const name of await readdir(all).catch((): string[] => [])) {
    if (!alive(Number(name))) await rm(path.join(all, name), { recursive: true, force: true });
  }
  const own = path.join(all, String(process.pid));
  await rm(own, { recursive: true, force: true });
  process.once('exit', () => rmSync(own, { recursive: true, force: true }));
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.once(signal, () => process.exit(code));
  }
  return own;
}
