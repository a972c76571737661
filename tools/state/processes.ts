import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { alive } from '@tongchou/embedded-postgres';
import { z } from 'zod';

const run = promisify(execFile);

/** A process told apart from a later one that got the same number: by when it started. */
export const processMark = z.object({ pid: z.number().int().positive(), started: z.string() });
export type ProcessMark = z.infer<typeof processMark>;

/** When the process started, as its system says it: comparable, not readable. `undefined` for one that is gone. */
export async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    // The name in brackets may hold blanks and brackets: fields are counted from the last one. A zombie has ended.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[19] === undefined || fields[0] === 'Z') return undefined;
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
    return `${boot.trim()}:${fields[19]}`;
  }
  const listed = await run('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return listed.stdout.trim() || undefined;
}

/** The mark of a process that runs now. */
export async function markOf(pid: number): Promise<ProcessMark | undefined> {
  const started = await startOf(pid);
  return started === undefined ? undefined : { pid, started };
}

/** True while the very process of the mark runs; a stranger with its number does not count. */
export async function stillRuns(mark: ProcessMark): Promise<boolean> {
  return alive(mark.pid) && (await startOf(mark.pid)) === mark.started;
}

export async function untilGone(mark: ProcessMark, withinMs: number): Promise<boolean> {
  for (const end = Date.now() + withinMs; Date.now() < end; await pause(25)) if (!(await stillRuns(mark))) return true;
  return !(await stillRuns(mark));
}

/** Asks the process of the mark to end, and ends it when it has not within `graceMs`. False when it outlived even that. */
export async function end(mark: ProcessMark, graceMs: number, politely: NodeJS.Signals = 'SIGTERM'): Promise<boolean> {
  for (const [signal, withinMs] of [
    [politely, graceMs],
    ['SIGKILL', 3_000],
  ] as const) {
    if (!(await stillRuns(mark))) return true;
    try {
      process.kill(mark.pid, signal);
    } catch {
      // It ended between the two lines, or belongs to another user: the wait tells which.
    }
    if (await untilGone(mark, withinMs)) return true;
  }
  return false;
}
