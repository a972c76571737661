import { setTimeout as pause } from 'node:timers/promises';

const EVERY_MS = 50;

/** A client that knows one instance alone, without the gateway: it fails whenever that one is away. */
export async function askOneInstance(
  url: string,
  failed: (reason: string) => void,
  enough: AbortSignal,
): Promise<void> {
  while (!enough.aborted) {
    await fetch(`${url}/health/live`).then(
      (answer) => answer.body?.cancel(),
      () => failed('the one instance that is asked does not answer'),
    );
    await pause(EVERY_MS, undefined, { signal: enough }).catch(() => undefined);
  }
}
