import { readFileSync } from 'node:fs';
import { z } from 'zod';

const description = z.object({ version: z.string() });

/** What runs here. The house has one version for all its parts. */
export function releaseOf(service: string): {
  readonly service: string;
  readonly version: string;
  readonly node: string;
} {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return { service, version: description.parse(JSON.parse(text)).version, node: process.version };
}
