import type { Role } from '@tongchou/access';
import { decodeJwt } from 'jose';
import { askToken } from '../issuer/ask-token.ts';
import type { Wanted } from '../issuer/demo-claims.ts';
import { Problem } from './problem.ts';
import { instancesOf, readRun, type RunFile, runningCity, type ServiceName } from './run-file.ts';
import type { StateFolder } from './state-folder.ts';

/** A token is asked for anew this long before it ends: what is under way with it is done by then. */
const RENEW_BEFORE_MS = 5 * 60_000;

/** The one way into a city: its gateway, and who asks there. */
export interface Door {
  readonly gateway: string;
  /** The header that says who asks. @throws Problem when nobody gives a token. */
  authorization(): Promise<string>;
}

/** One service behind the door, or one of its instances, counted from 1. */
export interface ServiceDoor extends Door {
  readonly service: ServiceName;
  readonly instance?: number;
}

/** Options of every command that asks the city. */
export const TOKEN = { token: { type: 'string' } } as const;

/** What `--help` says of it. */
export const TOKEN_HELP = (role: Role, width = 14): string =>
  `  ${'--token TOKEN'.padEnd(width)}  who asks (default: the demo issuer's ${role}; a TOKEN in the environment is not used)`;

interface Kept {
  readonly header: string;
  readonly endsAt: number;
}

const kept = (token: string): Kept => ({ header: `Bearer ${token}`, endsAt: (decodeJwt(token).exp ?? 0) * 1_000 });

/** A token of the demo issuer as wanted, the same one until shortly before it ends. */
export function tokensOf(city: StateFolder, run: RunFile, wanted: Wanted): Door['authorization'] {
  let last: Kept | undefined;
  let asking: Promise<Kept> | undefined;
  const renew = async (): Promise<Kept> => {
    // The city may have been started anew since a long command began, with an issuer elsewhere.
    const { issuer } = (await readRun(city)) ?? run;
    return kept(await askToken(city, { issuer: issuer ?? run.issuer }, wanted));
  };
  return async () => {
    if (last && Date.now() < last.endsAt - RENEW_BEFORE_MS) return last.header;
    asking ??= renew().finally(() => (asking = undefined));
    try {
      last = await asking;
    } catch (error) {
      // While the issuer is away, what is left of the old one still holds.
      if (!last || Date.now() > last.endsAt) throw error;
    }
    return last.header;
  };
}

function given(token: string): Door['authorization'] {
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) {
    throw new Problem(
      'What --token gives is no bearer token.',
      'Give it as the provider issued it: three parts, dots between.',
    );
  }
  return () => Promise.resolve(`Bearer ${token}`);
}

/** The door of what `run` describes. @throws Problem when no gateway runs there. */
export function doorOf(city: StateFolder, run: RunFile, role: Role, token?: string): Door {
  const [gateway] = instancesOf(run, 'gateway');
  if (!gateway) throw new Problem('The gateway does not run.', 'npm run status shows who runs.');
  return {
    gateway: gateway.url,
    authorization: token === undefined ? tokensOf(city, run, { role }) : given(token),
  };
}

/** The door of the running city, for a role of the demo or the token that was given. @throws Problem when none runs. */
export const openDoor = async (city: StateFolder, role: Role, token?: string): Promise<Door> =>
  doorOf(city, await runningCity(city), role, token);

/** The ways to each instance of a service, in the order of run.json, which the gateway knows them by too. */
export function instanceDoors(door: Door, run: RunFile, service: ServiceName): ServiceDoor[] {
  const running = instancesOf(run, service);
  return running.map((_, at) => ({ ...door, service, ...(running.length > 1 && { instance: at + 1 }) }));
}

/** The way to a service that runs. @throws Problem when it does not. */
export async function serviceDoor(city: StateFolder, door: Door, service: ServiceName): Promise<ServiceDoor> {
  if (instancesOf(await runningCity(city), service).length > 0) return { ...door, service };
  throw new Problem(`${service} does not run.`, `Start it: npm start -- --only ${service}.`);
}
