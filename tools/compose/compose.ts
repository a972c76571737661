import { readdir, readFile } from 'node:fs/promises';
import { composeServices, compositionHasErrors, type ServiceDefinition } from '@theguild/federation-composition';
import { parse } from 'graphql';

const ROOT = new URL('../../', import.meta.url);

/** Why no supergraph came out: each line names the subgraph's file, where it is known, and the reason. */
export class CompositionFailed extends Error {
  override readonly name = 'CompositionFailed';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The subgraphs do not compose:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

/** A subgraph's schema as it stands in a file; `file` is what messages call it. */
export interface SubgraphFile {
  readonly name: string;
  readonly file: string;
  readonly sdl: string;
}

/**
 * The supergraph of all services in this checkout, as it is committed in docs/supergraph.graphql. Services are taken in
 * the order of their names and no address goes in, so that the same schemas give the same text on every machine.
 * Throws `CompositionFailed` with file and reason when a schema is missing, does not parse, or does not fit the others.
 */
export async function composeSupergraph(root: URL = ROOT): Promise<string> {
  const folders = await readdir(new URL('services/', root), { withFileTypes: true });
  const names = folders.flatMap((folder) => (folder.isDirectory() ? [folder.name] : [])).sort();
  return compose(await Promise.all(names.map((name) => readSubgraph(root, name))));
}

/** Composes subgraphs that were read before. Throws `CompositionFailed`. */
export function compose(subgraphs: readonly SubgraphFile[]): string {
  const faults: string[] = [];
  const services = subgraphs.flatMap((subgraph) => parsed(subgraph, faults));
  if (faults.length > 0) throw new CompositionFailed(faults);
  const result = composeServices(services);
  if (compositionHasErrors(result))
    throw new CompositionFailed(result.errors.map((error) => named(error.message, subgraphs)));
  return `${result.supergraphSdl.trimEnd()}\n`;
}

async function readSubgraph(root: URL, name: string): Promise<SubgraphFile> {
  const file = `services/${name}/src/api/schema.graphql`;
  try {
    return { name, file, sdl: await readFile(new URL(file, root), 'utf8') };
  } catch {
    throw new CompositionFailed([
      `${file}: cannot be read. Every folder in services/ holds a subgraph with its schema there.`,
    ]);
  }
}

function parsed({ name, file, sdl }: SubgraphFile, faults: string[]): ServiceDefinition[] {
  try {
    return [{ name, typeDefs: parse(sdl) }];
  } catch (error) {
    faults.push(`${file}: ${placed(error)}`);
    return [];
  }
}

function placed(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const locations: unknown = 'locations' in error ? error.locations : undefined;
  const first: unknown = Array.isArray(locations) ? locations[0] : undefined;
  if (typeof first !== 'object' || first === null || !('line' in first) || !('column' in first)) return error.message;
  return `line ${String(first.line)}, column ${String(first.column)}: ${error.message}`;
}

/** The composer writes `[projects] ...` or only a subgraph's name in quotes; a person wants to know which file to open. */
function named(message: string, subgraphs: readonly SubgraphFile[]): string {
  const owner = subgraphs.find(({ name }) => message.startsWith(`[${name}]`));
  if (owner) return `${owner.file}: ${message.slice(owner.name.length + 2).trim()}`;
  const touched = subgraphs.filter(({ name }) => message.includes(`"${name}"`));
  const files = (touched.length > 0 ? touched : subgraphs).map(({ file }) => file).join(', ');
  return `${files}: ${message}`;
}
