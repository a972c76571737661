import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { type Death, SAID_WITHIN_MS } from './check-deaths.ts';

const POLL_MS = 250;
const ANSWER_MS = 2_000;
const LIVELY_MS = 10_000;

const readiness = z.looseObject({ status: z.string(), reasons: z.array(z.string()).optional() });

/** Why the process at this address is not ready; `undefined` = it gives no answer at all. */
async function reasonsOf(url: string): Promise<readonly string[] | undefined> {
  try {
    const reply = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(ANSWER_MS) });
    return readiness.parse(await reply.json()).reasons ?? [];
  } catch {
    return undefined;
  }
}

export interface Watched {
  readonly fault: string;
  readonly url: string;
  /** The reasons that belong to this fault. */
  readonly reason: RegExp;
  /** Changes when the part does its work. */
  place(): Promise<string>;
}

/** Watches a process from the moment of its fault until it says so, is gone, or time is up. */
export async function watchDeath({ fault, url, reason, place }: Watched): Promise<Death> {
  const began = performance.now();
  const since = (): number => Math.round(performance.now() - began);
  let at = await place().catch(() => '');
  let movedAt = -Infinity;
  for (; since() <= SAID_WITHIN_MS + POLL_MS; await pause(POLL_MS)) {
    const reasons = await reasonsOf(url);
    if (reasons === undefined) return { fault, goneAfterMs: since(), worked: false };
    if (reasons.some((each) => reason.test(each))) return { fault, saidAfterMs: since(), worked: false };
    const now = await place().catch(() => at);
    if (now !== at) movedAt = since();
    at = now;
  }
  return { fault, worked: since() - movedAt < LIVELY_MS };
}
