import { expect, it } from '@jest/globals';
import { createLook } from './give-back.ts';

const MB = 1_048_576;

/** A process that is told what it used, and falls to 100 MB whenever it collects. */
function processOf() {
  const now = { cpuMs: 0, megabytes: 100, collected: 0 };
  const look = createLook(
    {
      cpu: () => now.cpuMs * 1_000,
      resident: () => now.megabytes * MB,
      collect() {
        now.collected += 1;
        now.megabytes = 100;
      },
    },
    1_000,
  );
  return (cpuMs: number, megabytes = now.megabytes): number => {
    now.cpuMs += cpuMs;
    now.megabytes = megabytes;
    look();
    return now.collected;
  };
}

it('gives memory back when a busy time is over, once', () => {
  const after = processOf();
  expect(after(900, 400)).toBe(0);
  expect(after(20)).toBe(1);
  expect(after(20)).toBe(1);
  expect(after(20, 140)).toBe(1);
  expect(after(900, 300)).toBe(1);
  expect(after(20)).toBe(2);
});

it('does not pause a process that works, however large it is', () => {
  const after = processOf();
  for (let look = 0; look < 5; look += 1) expect(after(400, 900)).toBe(0);
});
