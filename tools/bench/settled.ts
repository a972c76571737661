import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { Door, ServiceDoor } from '../state/door.ts';
import { SERVICES } from '../state/run-file.ts';
import { statusOf } from '../state/service-status.ts';

const SETTLE_MS = 900_000;
const LOOK_EVERY_MS = 500;

/** Whether a service has folded all that it and the others had recorded by then. One too busy to say so has not. */
async function holdsAllSince(door: ServiceDoor, then: number): Promise<boolean> {
  const { freshness } = await statusOf(door).catch(() => ({ freshness: [{ closedInstant: null }] }));
  return freshness.every(({ closedInstant }) => closedInstant !== null && Date.parse(closedInstant) >= then);
}

/** Waits until all services have folded everything recorded before the call. @throws when that takes too long. */
export async function settled(operators: Door): Promise<void> {
  const then = Date.now();
  for (const end = performance.now() + SETTLE_MS; performance.now() < end; await pause(LOOK_EVERY_MS))
    if ((await Promise.all(SERVICES.map((service) => holdsAllSince({ ...operators, service }, then)))).every(Boolean))
      return;
  throw new Error(`The city of the benchmark had not folded everything within ${SETTLE_MS / 1_000} s`);
}
