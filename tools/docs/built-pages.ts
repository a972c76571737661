import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { buildAll } from '../build/build.ts';
import type { PrintedFile } from './printed-file.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PRINTER = fileURLToPath(new URL('./print-built.ts', import.meta.url));
const MOST_BYTES = 16 * 1024 * 1024;

const pages = z.record(z.string(), z.string());

/** Builds, then asks what was built for its pages. */
async function ask(): Promise<z.output<typeof pages>> {
  await buildAll();
  const { stdout } = await promisify(execFile)(process.execPath, [PRINTER], { cwd: ROOT, maxBuffer: MOST_BYTES });
  return pages.parse(JSON.parse(stdout));
}

/** Pages that only the services themselves can print: errors, bulk doors, settings. */
export function builtPages(): PrintedFile[] {
  let asked: ReturnType<typeof ask> | undefined;
  const content = async (path: string): Promise<string> => {
    const text = (await (asked ??= ask()))[path];
    if (text === undefined) throw new Error(`The services print no ${path}`);
    return text;
  };
  const services = readdirSync(`${ROOT}services`).sort();
  const paths = ['docs/errors.md', '.env.example', ...services.map((service) => `docs/openapi/${service}.json`)];
  return paths.map((path) => ({ path, content: () => content(path) }));
}
