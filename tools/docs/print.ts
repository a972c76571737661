import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { composeSupergraph } from '../compose/compose.ts';
import { printAccess } from './access-page.ts';
import { asyncApi } from './async-api.ts';
import { builtPages } from './built-pages.ts';
import { printEvents } from './events-page.ts';
import { goldenFiles } from './golden-files.ts';
import { jsonSchemaFiles } from './json-schemas.ts';
import { asJson } from './printed-file.ts';
import type { PrintedFile } from './printed-file.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Every page that the code prints. A further one is a line here. */
export const PRINTED_FILES: readonly PrintedFile[] = [
  { path: 'docs/access.md', content: printAccess },
  { path: 'docs/events.md', content: printEvents },
  { path: 'docs/asyncapi.json', content: () => asJson(asyncApi()) },
  { path: 'docs/supergraph.graphql', content: () => composeSupergraph() },
  ...builtPages(),
  ...jsonSchemaFiles(),
  ...goldenFiles(),
];

export interface Printed {
  /** Files whose text is another one than the code prints, or that are missing. */
  readonly stale: readonly string[];
  readonly written: readonly string[];
}

export interface PrintOptions {
  /** Writes nothing: only says what is stale. */
  readonly check?: boolean;
  readonly root?: string;
  readonly files?: readonly PrintedFile[];
}

async function isStale(file: PrintedFile, target: string): Promise<boolean> {
  if (!existsSync(target)) return true;
  return file.keptForEver !== true && (await readFile(target, 'utf8')) !== (await file.content());
}

/** Writes the pages that are stale or missing, or with `check` names them. */
export async function printDocs({ check, root = ROOT, files = PRINTED_FILES }: PrintOptions = {}): Promise<Printed> {
  const stale: string[] = [];
  for (const file of files) {
    const target = path.join(root, file.path);
    if (!(await isStale(file, target))) continue;
    stale.push(file.path);
    if (check === true) continue;
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, await file.content());
  }
  return { stale, written: check === true ? [] : stale };
}
