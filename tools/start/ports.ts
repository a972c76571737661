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

/** Each app's own port, or where it is taken the next free one that belongs to no other app. */
export async function choosePorts(apps: readonly AppName[], base: number): Promise<Place[]> {
  const places: Place[] = [];
  const given = new Set<number>();
  for (const app of apps) {
    const wanted = base + PLACES[app];
    let port = await freePort(wanted);
    const street = base + AFTER_THE_STREET;
    if (port !== wanted && port < street) port = await freePort(street);
    while (given.has(port)) port = await freePort(port + 1);
    given.add(port);
    places.push({ app, wanted, port });
  }
  return places;
}
