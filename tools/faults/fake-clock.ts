import { access, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { NotHere } from './trial.ts';

const LIBRARY = 'libfaketimeMT.so.1';
const FOLDERS = ['x86_64-linux-gnu/', 'aarch64-linux-gnu/', ''].map((triplet) => `/usr/lib/${triplet}faketime`);

/** A wall clock that can be set while a process lives by it; its monotonic clock stays true. */
export interface FakeClock {
  /** For the environment of a process. */
  readonly environment: Readonly<Record<string, string>>;
  /** How far it is off, in days. */
  readonly days: () => number;
  set(days: number): Promise<void>;
}

const offset = (days: number): string => `${days < 0 ? '-' : '+'}${Math.abs(days)}d`;

/** Where libfaketime lies. @throws NotHere where it is not installed. */
export async function fakeClockLibrary(): Promise<string> {
  for (const folder of [...FOLDERS, '/usr/lib64/faketime', '/usr/local/lib/faketime']) {
    const file = path.join(folder, LIBRARY);
    if (
      await access(file).then(
        () => true,
        () => false,
      )
    )
      return file;
  }
  throw new NotHere(`install libfaketime: there is no ${LIBRARY}`);
}

export async function openFakeClock(library: string, file: string): Promise<FakeClock> {
  let days = 0;
  const clock: FakeClock = {
    environment: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    },
    days: () => days,
    async set(to) {
      days = to;
      await writeFile(file, offset(to), { mode: 0o644 });
    },
  };
  await clock.set(0);
  return clock;
}
