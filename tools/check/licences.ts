import { licenceAllowed, neverLoaded, runtimePackages } from './packages.ts';

const DEPLOYABLES = ['services/projects', 'services/costs', 'gateway', 'tools'];

/** Prints how many packages each deployable loads; false when one of them has a licence that we do not take. */
export function checkLicences(root: string): boolean {
  const refused = new Set<string>();
  for (const deployable of DEPLOYABLES) {
    const packages = runtimePackages(root, deployable);
    console.log(`  ${deployable.padEnd(20)} ${String(packages.length).padStart(4)} packages at run time`);
    for (const found of packages.filter((one) => !licenceAllowed(one.licence) && !neverLoaded(one))) {
      refused.add(`${found.name}@${found.version}: ${found.licence}`);
    }
  }
  for (const line of refused) console.error(`  not an allowed licence: ${line}`);
  return refused.size === 0;
}
