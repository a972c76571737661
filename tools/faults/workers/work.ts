import type { Log } from '@tongchou/event-store';

/** What the parent hands over as the one argument. */
export function settingsOf<Settings>(): Settings {
  return JSON.parse(process.argv[2] ?? '{}') as Settings;
}

const nothing = (): void => undefined;

/** Failures go to the parent, which keeps them in the history. */
export const workerLog: Log = {
  info: nothing,
  warn: nothing,
  error: ({ ...detail }, message) => {
    const { err, ...rest } = detail as { err?: unknown };
    process.stderr.write(`${message} ${JSON.stringify(rest)} ${err === undefined ? '' : String(err)}\n`);
  },
};

export const tell = (message: object): void => {
  if (process.connected) process.send?.(message);
};

/** Says that it is at work, and ends in order when asked, or when the parent is gone. */
export function atWork(close: () => Promise<void>): void {
  let closing: Promise<void> | undefined;
  const end = (): void => {
    closing ??= close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', end);
  process.once('disconnect', () => process.exit(1));
  tell({ ready: process.pid });
}
