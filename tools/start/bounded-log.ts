import { copyFile, stat, truncate } from 'node:fs/promises';

const LOG_LIMIT_BYTES = 10_000_000;
const LOOK_EVERY_MS = 30_000;

/**
 * What a log holds that has grown too long becomes the former one, `.1`; true when it was so. Whoever writes to its end may
 * go on meanwhile: a line written at that very moment may be lost.
 */
export async function cutLog(file: string, limitBytes: number = LOG_LIMIT_BYTES): Promise<boolean> {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size <= limitBytes) return false;
  await copyFile(file, `${file}.1`);
  await truncate(file, 0);
  return true;
}

/** Keeps a log below its limit, or little above, until `ended`. */
export function boundLog(file: string, ended: Promise<unknown>): void {
  const looking = setInterval(() => void cutLog(file).catch(() => undefined), LOOK_EVERY_MS);
  looking.unref();
  void ended.finally(() => clearInterval(looking));
}
