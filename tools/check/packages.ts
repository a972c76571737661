import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly folder: string;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string | { readonly type: string };
  /** How packages of old say it. */
  readonly licenses?: readonly { readonly type: string }[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest;

/** Where Node finds `name` from `folder`, or nothing when it is not installed (an optional one for another platform). */
function installed(name: string, folder: string, root: string): string | undefined {
  for (let at = folder; at.startsWith(root); at = path.dirname(at)) {
    const candidate = path.join(at, 'node_modules', name);
    if (existsSync(path.join(candidate, 'package.json'))) return candidate;
  }
  return undefined;
}

function needs(manifest: Manifest): string[] {
  const optionalPeer = manifest.peerDependenciesMeta ?? {};
  const peers = Object.keys(manifest.peerDependencies ?? {}).filter((name) => optionalPeer[name]?.optional !== true);
  return [...Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }), ...peers];
}

function licenceOf({ license, licenses }: Manifest): string {
  if (licenses) return licenses.map(({ type }) => type).join(' OR ');
  return (typeof license === 'object' ? license.type : license) ?? 'none given';
}

/** Everything that a deployable loads at run time: its dependencies and theirs, our own libs left out. */
export function runtimePackages(root: string, deployable: string): InstalledPackage[] {
  const found = new Map<string, InstalledPackage>();
  const seen = new Set<string>();
  const queue = [path.join(root, deployable)];
  for (let folder = queue.pop(); folder !== undefined; folder = queue.pop()) {
    if (seen.has(folder)) continue;
    seen.add(folder);
    const manifest = manifestOf(folder);
    if (folder.includes('node_modules') && !manifest.name.startsWith('@tongchou/')) {
      found.set(folder, { name: manifest.name, version: manifest.version, licence: licenceOf(manifest), folder });
    }
    for (const name of needs(manifest)) {
      const next = installed(name, folder, root);
      if (next !== undefined) queue.push(next);
    }
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
}

const ALLOWED = new Set(['MIT', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', '0BSD', 'BlueOak-1.0.0']);

/** Packages of another licence that are installed with one of ours and never loaded, each with its reason. */
const NEVER_LOADED: Readonly<Record<string, string>> = {
  'argparse@2.0.1': "Python-2.0; for the command line of markdown-it, which stands inside GraphiQL's bundle",
};

export const neverLoaded = ({ name, version }: InstalledPackage): boolean => `${name}@${version}` in NEVER_LOADED;

/** True when an SPDX expression offers a licence we take: one of an OR, all of an AND. */
export function licenceAllowed(expression: string): boolean {
  const plain = expression.replaceAll(/[()]/g, ' ');
  return plain.split(/\sOR\s/).some((choice) => choice.split(/\sAND\s/).every((name) => ALLOWED.has(name.trim())));
}

/** Platform packages named by a manifest but absent from the lock: npm drops them without a word. */
export function missingFromLock(root: string, folders: readonly string[]): string[] {
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, unknown>>;
  };
  return folders
    .flatMap((folder) => Object.keys(manifestOf(path.join(root, folder)).optionalDependencies ?? {}))
    .filter((name) => !(`node_modules/${name}` in lock.packages));
}

/** Packages of which two copies would break the process in ways that unit specs do not see. */
export function doubledPackages(root: string): string[] {
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, unknown>>;
  };
  const single = ['graphql', '@nestjs/common', '@nestjs/core', 'rxjs', 'reflect-metadata', 'typeorm', 'pg'];
  return single.filter(
    (name) => Object.keys(lock.packages).filter((entry) => entry.endsWith(`node_modules/${name}`)).length > 1,
  );
}
