import { freePort } from '@tongchou/embedded-postgres';
import type { AppName } from '../state/run-file.ts';

/** Where each app listens, counted from the gateway. */
const PLACES: Readonly<Record<AppName, number>> = { gateway: 0, projects: 1, costs: 2 };
const AFTER_THE_STREET = 5;

export interface Place {
  readonly app: AppName;
  readonly wanted: number;
  readonly port: number;
}

/** Blocks of ports among which cities that start at the same moment part ways. */
const BLOCKS = 40;
const BLOCK = 10;

/** Where to look when an app's own port is taken: behind the street; after a collision, in a block drawn at random. */
const elsewhere = (base: number, collided: boolean): number =>
  base + AFTER_THE_STREET + (collided ? BLOCK * (1 + Math.floor(Math.random() * BLOCKS)) : 0);

/**
 * Each app's own port, or where it is taken the next free one that belongs to no other app. `collided`: another city took
 * a port between such a look and the start.
 */
export async function choosePorts(apps: readonly AppName[], base: number, collided = false): Promise<Place[]> {
  const places: Place[] = [];
  const given = new Set<number>();
  const from = elsewhere(base, collided);
  for (const app of apps) {
    const wanted = base + PLACES[app];
    let port = await freePort(wanted);
    if (port !== wanted && port < from) port = await freePort(from);
    while (given.has(port)) port = await freePort(port + 1);
    given.add(port);
    places.push({ app, wanted, port });
  }
  return places;
}
