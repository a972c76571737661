import type { AppName } from '../state/run-file.ts';

/** Flags of Node for each app. A small young generation halves what an idle process keeps, at a few per cent of speed. */
export function nodeFlags(app: AppName): string[] {
  return app === 'gateway' ? ['--max-semi-space-size=4'] : ['--max-semi-space-size=8'];
}
