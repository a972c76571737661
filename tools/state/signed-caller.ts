import { randomUUID } from 'node:crypto';
import { type Principal, PRINCIPAL_HEADER, principalSigner, type Role } from '@tongchou/access';
import { readSigningKey } from '../issuer/principal-keys.ts';
import { Problem } from './problem.ts';
import type { ServiceName } from './run-file.ts';
import type { StateFolder } from './state-folder.ts';

/** Headers with which a service believes one request. */
export type CallerHeaders = (service: ServiceName) => Promise<Readonly<Record<string, string>>>;

/**
 * Asks services without the gateway, as the demo's person of this role, signed by the city's own key: for measurements and
 * trials of a service alone. Everybody else takes the gateway's door.
 *
 * @throws Problem when the city was never started.
 */
export async function signedCaller(
  city: StateFolder,
  role: Role,
  narrowed: Pick<Principal, 'departments'> = {},
): Promise<CallerHeaders> {
  const key = await readSigningKey(city);
  if (!key) throw new Problem(`${city.signingKeyFile} is missing.`, 'npm start makes it.');
  const sign = await principalSigner(key);
  // The same person as a token of this role names: keys of commands belong to who sends them.
  const principal = { subject: `demo-${role}`, roles: [role], ...narrowed };
  return async (service) => {
    const requestId = randomUUID();
    return { 'x-request-id': requestId, [PRINCIPAL_HEADER]: await sign(principal, service, requestId) };
  };
}
