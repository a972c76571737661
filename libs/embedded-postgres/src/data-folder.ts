import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, chmod, chown, mkdir, readFile, readlink, realpath, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { folderElsewhere, isRoot, othersMayEnter, serverIdentity, UNPRIVILEGED } from './identity.ts';

const run = promisify(execFile);
const PASSWORD = 'tongchou.password';

/** The role that owns everything in an embedded server. */
export const ROLE = 'tongchou';

const there = (target: string): Promise<boolean> =>
  access(target).then(
    () => true,
    () => false,
  );

async function handOver(target: string, mode: number): Promise<void> {
  await chmod(target, mode);
  if (isRoot()) await chown(target, UNPRIVILEGED.uid, UNPRIVILEGED.gid);
}

/**
 * Where a server's data may lie when `wanted` is asked for: there, or elsewhere under the same name when the server's user
 * cannot enter it (root's home is closed to `nobody`). `name` tells the folders of several cities apart.
 */
export async function reachableDataDir(wanted: string, name: string): Promise<string> {
  if (!isRoot() || (await othersMayEnter(path.dirname(wanted)))) return wanted;
  return path.join(await folderElsewhere(), name, path.basename(wanted));
}

/**
 * Makes the data folder when there is none: whole or not at all. Its password is drawn at random and lies inside, so that
 * on a machine with several people only the one who started the server reaches it.
 */
export async function initialise(bin: string, dataDir: string): Promise<void> {
  if (await there(path.join(dataDir, PASSWORD))) return;
  if (await there(dataDir)) {
    throw new Error(`${dataDir} is there, but no data folder of ours: move it away, or give another --state.`);
  }
  const draft = `${dataDir}.draft`;
  const password = `${draft}.password`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  await handOver(draft, 0o700);
  await writeFile(password, randomBytes(24).toString('hex'), { mode: 0o600 });
  await handOver(password, 0o600);
  const options = ['-U', ROLE, '-A', 'scram-sha-256', '--pwfile', password, '-E', 'UTF8', '--no-locale', '--no-sync'];
  await run(path.join(bin, 'initdb'), ['-D', draft, ...options], { ...serverIdentity(), cwd: '/' }).catch(
    async (cause: Error) => {
      await rm(draft, { recursive: true, force: true });
      throw new Error(`PostgreSQL could not be initialised in ${dataDir}: ${cause.message}`, { cause });
    },
  );
  await rename(password, path.join(draft, PASSWORD));
  await rename(draft, dataDir);
}

/** The password of the role in this data folder. */
export const passwordOf = (dataDir: string): Promise<string> => readFile(path.join(dataDir, PASSWORD), 'utf8');

/** Whether there is a process of this number, also one of another user. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** The pid written by a server that runs, or was killed, in this data folder. */
export async function postmasterPid(dataDir: string): Promise<number | undefined> {
  const text = await readFile(path.join(dataDir, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

/**
 * The pid of a server that really works in this data folder: a server stands in its own folder, which tells it from a
 * stranger that got its number. Where the system does not say where a process stands, the number alone decides.
 */
export async function runningPostmaster(dataDir: string): Promise<number | undefined> {
  const pid = await postmasterPid(dataDir);
  if (pid === undefined) return undefined;
  if (!alive(pid)) return undefined;
  if (process.platform !== 'linux') return pid;
  const stands = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  return stands !== undefined && stands === (await realpath(dataDir)) ? pid : undefined;
}
