import { setTimeout as pause } from 'node:timers/promises';
import { sqlState } from './database-error.ts';
import type { Log } from './log.ts';

const PASSING = /^(08|40|53|57)/;
const CONNECTION = /terminated|timeout|timed out|closed|not queryable|ECONN|EPIPE|ENOTFOUND|EAI_AGAIN/i;

/** True when the same may succeed a little later: the database is away, starting, full, or ended this session. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('retryable' in error && typeof error.retryable === 'boolean') return error.retryable;
  const state = sqlState(error);
  if (state !== undefined) return PASSING.test(state) || state === '55P03' || state === '25P03';
  const code = 'code' in error ? String(error.code) : '';
  return CONNECTION.test(`${code} ${error.message}`);
}

export interface Patience {
  readonly log: Log;
  readonly name: string;
  readonly signal: AbortSignal;
}

const WAIT_MS = { first: 50, most: 2_000 };

/** Waits without holding the event loop's end up; ends early when `signal` aborts. */
export async function rest(ms: number, signal?: AbortSignal): Promise<void> {
  await pause(ms, undefined, signal ? { signal } : {}).catch(() => undefined);
}

/**
 * Repeats a step, in place, until it succeeds or fails for good; waits between tries, at most 2 s. Gives up with the last
 * error when `signal` aborts.
 */
export async function patiently<T>(step: () => Promise<T>, { log, name, signal }: Patience): Promise<T> {
  for (let waitMs = WAIT_MS.first; ; waitMs = Math.min(waitMs * 2, WAIT_MS.most)) {
    try {
      return await step();
    } catch (error) {
      if (signal.aborted || !isTransient(error)) throw error;
      log.warn({ reader: name, err: error }, 'did not succeed, tries again');
      await rest(waitMs, signal);
    }
  }
}
