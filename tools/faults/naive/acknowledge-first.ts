import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '@tongchou/embedded-postgres';
import { checkStore } from '../city/check-stores.ts';
import { runClient } from '../city/client.ts';
import { type Address, sendBulk } from '../city/door.ts';
import { registration } from '../city/registration.ts';
import type { Acknowledged, Lane, Step } from '../city/step.ts';
import { readStore } from '../city/stores.ts';
import type { TrialContext, TrialOutcome } from '../trial.ts';

const DOOR = fileURLToPath(new URL('acknowledge-first-door.ts', import.meta.url));
const CLIENTS = 8;
const KILLS = 2;
const BETWEEN_MS = 700;
const WRITTEN_MS = 1_000;

/** Registers one work after another. */
class Registrations implements Lane {
  readonly #client: number;
  #serial = 0;

  constructor(client: number) {
    this.#client = client;
  }

  next(): Step {
    this.#serial += 1;
    return registration(`naive-${this.#client}-${this.#serial}`);
  }

  done(): void {
    // The next one is another work.
  }
}

/** Runs the door that answers before it commits, kills it twice under load, and lets the trial's own checker judge. */
export async function loseAcknowledged(context: TrialContext): Promise<TrialOutcome['control']> {
  const database = await (await context.server()).database('naive');
  const port = await freePort();
  // It asks nobody who they are.
  const door: Address = { url: `http://127.0.0.1:${port}`, headers: () => Promise.resolve({}) };
  const start = async () => {
    const child = spawn(process.execPath, ['--conditions=@tongchou/source', DOOR], {
      env: { ...process.env, DATABASE_URL: database, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    context.atEnd(async () => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    return child;
  };
  let child = await start();
  const acknowledged: Acknowledged[] = [];
  const enough = new AbortController();
  const clients = Array.from({ length: CLIENTS }, (_, client) =>
    runClient({
      lanes: [new Registrations(client)],
      send: (_service, steps) => sendBulk(door, steps),
      answered: (one) => void acknowledged.push(one),
      wrong: () => undefined,
      enough: enough.signal,
      giveUp: enough.signal,
    }),
  );
  for (let kills = 0; kills < KILLS; kills += 1) {
    await pause(BETWEEN_MS);
    child.kill('SIGKILL');
    await once(child, 'exit');
    child = await start();
  }
  await pause(BETWEEN_MS);
  enough.abort();
  await Promise.all(clients);
  // What it still holds is written within this time.
  await pause(WRITTEN_MS);
  return {
    what: 'a door that answers before it commits',
    violations: checkStore({ acknowledged }, await readStore(database)),
  };
}
