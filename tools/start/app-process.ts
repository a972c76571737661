import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { endChild, hasEnded } from '../state/end-child.ts';
import { markOf } from '../state/processes.ts';
import { boundLog, cutLog } from './bounded-log.ts';
import type { Running } from './keeper.ts';
import { listensOn } from './listening.ts';

const READY_WITHIN_MS = 60_000;
const UNREADY_FOR_MS = 20_000;
const ANSWER_MS = 2_000;

/** How one app of the city is started. */
export interface AppPlan {
  /** Its entry point. */
  readonly script: string;
  readonly port: number;
  /** Over this process's own environment; an undefined value takes a name away. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly nodeFlags: readonly string[];
  readonly logFile: string;
  /** How long it may finish what it does when asked to stop. */
  readonly graceMs: number;
  /** Told once when it has started and stays unready. */
  unready(why: string): void;
}

export const urlOf = (plan: Pick<AppPlan, 'port'>): string => `http://127.0.0.1:${plan.port}`;

async function openLog(file: string): ReturnType<typeof open> {
  await mkdir(path.dirname(file), { recursive: true });
  await cutLog(file);
  return open(file, 'a');
}

function spawnApp(plan: AppPlan, log: number): ChildProcess {
  return spawn(process.execPath, [...plan.nodeFlags, plan.script], {
    cwd: path.dirname(path.dirname(plan.script)),
    env: { ...process.env, ...plan.environment, PORT: String(plan.port) },
    stdio: ['ignore', log, log],
  });
}

const howEnded = (child: ChildProcess): string =>
  child.signalCode ? `was ended by ${child.signalCode}` : `ended with code ${child.exitCode ?? 'unknown'}`;

/** Whether the app at this address says that it is ready. */
export const answersReady = (url: string): Promise<boolean> => answersWell(url, 'ready');

function answersWell(url: string, probe: 'ready' | 'startup'): Promise<boolean> {
  return fetch(`${url}/health/${probe}`, { signal: AbortSignal.timeout(ANSWER_MS) }).then(
    async (answer) => {
      await answer.body?.cancel();
      return answer.ok;
    },
    () => false,
  );
}

const reasons = z.object({ reasons: z.array(z.string()) });

/** Why an app that has started is not ready, in its own words. */
async function whyUnready(url: string): Promise<string> {
  const answer: unknown = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(ANSWER_MS) })
    .then((reply) => reply.json())
    .catch(() => undefined);
  return reasons.safeParse(answer).data?.reasons.join('; ') ?? 'it does not say why';
}

/** An app that has started and stays unready runs too: what stands in the way may be an operator's to settle, through it. */
async function untilReady(child: ChildProcess, plan: AppPlan): Promise<boolean> {
  const { pid = 0 } = child;
  const url = urlOf(plan);
  let startedAt = Infinity;
  for (const end = Date.now() + READY_WITHIN_MS; Date.now() < end && !hasEnded(child); await pause(50)) {
    if ((await listensOn(pid, plan.port)) === false) continue;
    if (await answersWell(url, 'ready')) return !hasEnded(child);
    if (startedAt === Infinity && (await answersWell(url, 'startup'))) startedAt = Date.now();
    if (Date.now() - startedAt < UNREADY_FOR_MS) continue;
    plan.unready(await whyUnready(url));
    return !hasEnded(child);
  }
  return false;
}

/** Starts one app in this process's group, its output in its log. @throws when it cannot be started at all. */
export async function launchApp(plan: AppPlan): Promise<Running> {
  const log = await openLog(plan.logFile);
  const child = spawnApp(plan, log.fd);
  const ended = new Promise<string>((resolve) => child.once('exit', () => resolve(howEnded(child))));
  await new Promise<void>((resolve, fail) => child.once('spawn', resolve).once('error', fail));
  await log.close();
  boundLog(plan.logFile, ended);
  const mark = (child.pid === undefined ? undefined : await markOf(child.pid)) ?? { pid: child.pid ?? 0, started: '' };
  return { mark, ended, ready: untilReady(child, plan), stop: () => endChild(child, plan.graceMs) };
}
