import { mkdir, stat } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';

/** PostgreSQL refuses root, so root starts it as this user and group: `nobody`. */
export const UNPRIVILEGED = { uid: 65534, gid: 65534 };

export const isRoot = (): boolean => process.getuid?.() === 0;

/** Whom the server runs as: this process's user, or `nobody` when that is root. */
export const serverIdentity = (): { uid?: number; gid?: number } => (isRoot() ? UNPRIVILEGED : {});

/** True when a user other than the owner may enter every folder on the way down to `target`. */
export async function othersMayEnter(target: string): Promise<boolean> {
  for (let at = path.resolve(target); ; at = path.dirname(at)) {
    const found = await stat(at).catch(() => undefined);
    if (found && (found.mode & 0o001) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}

/** A folder that is ours alone to write: what lies there was put there by this user. */
async function own(folder: string): Promise<boolean> {
  const made = await mkdir(folder, { recursive: true, mode: 0o755 }).then(
    () => stat(folder),
    () => undefined,
  );
  if (!made) return false;
  return process.getuid === undefined || (made.uid === process.getuid() && (made.mode & 0o022) === 0);
}

/**
 * A folder outside the checkout that this user owns and the server's user may enter: for what cannot lie in a checkout
 * that others may not enter.
 *
 * @throws when neither the system's usual place nor the temporary folder has one.
 */
export async function folderElsewhere(): Promise<string> {
  const usual = isRoot()
    ? '/var/lib/tongchou'
    : path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'tongchou');
  const candidates = [usual, path.join(tmpdir(), `tongchou-${process.getuid?.() ?? 'user'}`)];
  for (const folder of candidates) {
    if ((await own(folder)) && (!isRoot() || (await othersMayEnter(folder)))) return folder;
  }
  throw new Error(
    `PostgreSQL needs a folder that its user may enter; neither ${candidates.join(' nor ')} is one that belongs to this user alone.`,
  );
}
