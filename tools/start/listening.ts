import { readdir, readFile, readlink } from 'node:fs/promises';

const LISTENS = '0A';

/** Socket numbers that listen on the port, as Linux lists them. */
async function listeners(port: number): Promise<Set<string> | undefined> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const found = new Set<string>();
  for (const table of ['tcp', 'tcp6']) {
    const text = await readFile(`/proc/self/net/${table}`, 'utf8').catch(() => undefined);
    if (text === undefined && table === 'tcp') return undefined;
    for (const line of (text ?? '').split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (fields[1]?.endsWith(suffix) && fields[3] === LISTENS && fields[9] !== undefined) found.add(fields[9]);
    }
  }
  return found;
}

/**
 * Whether this very process listens on the port: another city may have taken it between the look and the start.
 * `undefined` where the system does not tell.
 */
export async function listensOn(pid: number, port: number): Promise<boolean | undefined> {
  const sockets = await listeners(port);
  if (!sockets) return undefined;
  const handles = await readdir(`/proc/${pid}/fd`).catch((): string[] => []);
  for (const handle of handles) {
    const target = await readlink(`/proc/${pid}/fd/${handle}`).catch(() => '');
    const socket = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (socket !== undefined && sockets.has(socket)) return true;
  }
  return false;
}
