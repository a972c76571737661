import { currentVersion, upcast } from '@tongchou/kernel';
import type { Tagged, UpcasterChains } from '@tongchou/kernel';
import { ContractBreach, tagged } from './contract.ts';
import type { Contract, Contracts } from './contract.ts';
import { costsContracts } from './costs.ts';
import { projectsContracts } from './projects.ts';

const CONTRACTS: Readonly<Record<string, Contracts>> = { projects: projectsContracts, costs: costsContracts };

/** Services that publish facts. */
export const publishingServices: readonly string[] = Object.keys(CONTRACTS);

/** A service's published facts by type; a service that publishes none is a programmer's error. */
export function contractsOf(service: string): Contracts {
  const contracts = Object.hasOwn(CONTRACTS, service) ? CONTRACTS[service] : undefined;
  if (!contracts) throw new RangeError(`No contracts of ${service}: known are ${publishingServices.join(', ')}`);
  return contracts;
}

export function contractOf(service: string, type: string): Contract | undefined {
  const contracts = contractsOf(service);
  return Object.hasOwn(contracts, type) ? contracts[type] : undefined;
}

/** The chains of a service's published facts, for the codec that reads its own events, which are stored in this shape. */
export function upcastersOf(service: string): UpcasterChains {
  return Object.fromEntries(Object.entries(contractsOf(service)).map(([type, { upcasters }]) => [type, upcasters]));
}

function checked(type: string, contract: Contract, data: object): Tagged {
  const parsed = contract.schema.safeParse(data);
  if (parsed.success) return tagged(type, parsed.data);
  const faults = parsed.error.issues.slice(0, 5).map(({ path, message }) => `${path.join('.') || 'data'}: ${message}`);
  throw new ContractBreach('DATA_BREACH', `${type}: ${faults.join('; ')}`);
}

function brought(type: string, contract: Contract, schemaVersion: number, data: object): object {
  let today: object | undefined;
  try {
    today = upcast({ [type]: contract.upcasters }, type, schemaVersion, data);
  } catch (reason) {
    throw new ContractBreach('DATA_BREACH', `${type} v${schemaVersion} cannot be brought to today's form: ${reason}`);
  }
  if (today) return today;
  const known = `versions up to ${contract.version} are known: deploy the version of this service that knows it`;
  throw new ContractBreach('UNKNOWN_VERSION', `${type} v${schemaVersion}: ${known}`);
}

/**
 * A received fact in today's form: upcast, then checked. `undefined` for an envelope without data, and for a type without a
 * contract here (a later version may know it). Throws `ContractBreach` for an unknown version of a known type, and for data that breaks the contract.
 */
export function decodePublic(
  source: string,
  type: string,
  schemaVersion: number,
  data: object | null | undefined,
): Tagged | undefined {
  const contract = contractOf(source, type);
  if (!contract || !data) return undefined;
  return checked(type, contract, brought(type, contract, schemaVersion, data));
}

/** Every chain leads to its contract's version, and every example fits: checked when a process starts. */
export function validateContracts(services: readonly string[] = publishingServices): void {
  for (const service of services) {
    const chains = upcastersOf(service);
    for (const [type, contract] of Object.entries(contractsOf(service))) {
      const reached = currentVersion(chains, type);
      if (reached !== contract.version) {
        throw new Error(`${service} ${type} is at v${contract.version}, but its upcasters lead to v${reached}`);
      }
      decodePublic(service, type, contract.version, contract.example);
    }
  }
}
