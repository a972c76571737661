import { freePort } from '@tongchou/embedded-postgres';
import type { AppName } from '../state/run-file.ts';

/** Where each app listens, counted from the gateway. */
const PLACES: Readonly<Record<AppName, number>> = { gateway: 0, projects: 1, costs: 2 };
/** The services have the ports before it. */
export const BEHIND_THE_STREET = 5;

/** Where one instance of an app listens. */
export interface Place {
  readonly app: AppName;
  /** Of several of its app, counted from 1. */
  readonly number: number;
  /** The app's own port; of a further instance, which has none, the one that it got. */
  readonly wanted: number;
  readonly port: number;
}

/** Blocks of ports among which cities that start at the same moment part ways. */
const BLOCKS = 40;
const BLOCK = 10;

/** Where to look when an app's own port is taken: behind the street; after a collision, in a block drawn at random. */
const elsewhere = (base: number, collided: boolean): number =>
  base + BEHIND_THE_STREET + (collided ? BLOCK * (1 + Math.floor(Math.random() * BLOCKS)) : 0);

/**
 * Each app's own port, or where it is taken the next free one that belongs to no other app; an app that is named again gets
 * one behind the street. `collided`: another city took a port between such a look and the start.
 */
export async function choosePorts(apps: readonly AppName[], base: number, collided = false): Promise<Place[]> {
  const places: Place[] = [];
  const given = new Set<number>();
  const from = elsewhere(base, collided);
  for (const app of apps) {
    const number = 1 + places.filter((place) => place.app === app).length;
    const own = number === 1 ? base + PLACES[app] : from;
    let port = await freePort(own);
    if (port !== own && port < from) port = await freePort(from);
    while (given.has(port)) port = await freePort(port + 1);
    given.add(port);
    places.push({ app, number, wanted: number === 1 ? own : port, port });
  }
  return places;
}
