import type { AppName } from '../state/run-file.ts';

/** kafkajs sets timers into the past, and Node remarks on it in every log. */
const QUIET = '--disable-warning=TimeoutNegativeWarning';

/**
 * Flags of Node for each app. A small young generation halves what an idle process keeps, at a few per cent of speed;
 * services collect once a busy time is over, and then give back what it took.
 */
export function nodeFlags(app: AppName): string[] {
  return app === 'gateway' ? ['--max-semi-space-size=4'] : ['--max-semi-space-size=8', '--expose-gc', QUIET];
}
