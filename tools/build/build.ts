import { createHash } from 'node:crypto';
import { copyFile, glob, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Problem, reasonOf } from '../state/problem.ts';
import { readJson, ROOT, there, writeJson } from '../state/state-folder.ts';

const COMPILER = {
  swcrc: false,
  configFile: false,
  sourceMaps: true,
  module: { type: 'es6' },
  jsc: {
    target: 'es2024',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    rewriteRelativeImportExtensions: true,
  },
} as const;

const RECIPE = createHash('sha1').update(JSON.stringify(COMPILER)).digest('hex');
const MANIFEST = '.built.json';
const NOT_BUILT = /\.(spec|test)\.tsx?$|\.d\.ts$|(^|[\\/])__fixtures__[\\/]/;

export interface Built {
  readonly compiled: number;
  readonly copied: number;
  readonly removed: number;
  readonly unchanged: number;
}

/** What was built from what: path below `src` -> hash of its content and of the compiler's settings. */
type Manifest = Record<string, string>;

async function packages(): Promise<string[]> {
  const found: string[] = [];
  for (const place of ['libs', 'services']) {
    const names = await readdir(path.join(ROOT, place)).catch((): string[] => []);
    found.push(...names.map((name) => path.join(ROOT, place, name)));
  }
  return [...found, path.join(ROOT, 'gateway')];
}

async function sourcesOf(folder: string): Promise<string[]> {
  const sources: string[] = [];
  for await (const entry of glob('**/*', { cwd: path.join(folder, 'src'), withFileTypes: true })) {
    const file = path.relative(path.join(folder, 'src'), path.join(entry.parentPath, entry.name));
    if (entry.isFile() && !NOT_BUILT.test(file)) sources.push(file);
  }
  return sources.sort();
}

const isCode = (file: string): boolean => /\.tsx?$/.test(file);
const outputOf = (file: string): string => file.replace(/\.tsx?$/, '.js');

async function formerManifest(folder: string): Promise<Manifest> {
  const content = await readJson(path.join(folder, 'dist', MANIFEST));
  return Object.fromEntries(
    Object.entries(content ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** Two builds at once write the same content: each file appears whole, by a rename. */
async function place(file: string, write: (draft: string) => Promise<unknown>): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.draft`;
  await write(draft);
  await rename(draft, file);
}

async function compile(source: string, output: string): Promise<void> {
  const { transform } = await import('@swc/core');
  const code = await readFile(source, 'utf8');
  const made = await transform(code, { ...COMPILER, filename: source, sourceFileName: source }).catch(
    (cause: unknown) => {
      throw new Problem(
        `${path.relative(ROOT, source)} does not compile:\n${reasonOf(cause)}`,
        'npx tsc -p . says more.',
      );
    },
  );
  const map = `${path.basename(output)}.map`;
  await place(`${output}.map`, (draft) => writeFile(draft, made.map ?? ''));
  await place(output, (draft) => writeFile(draft, `${made.code}\n//# sourceMappingURL=${map}\n`));
}

async function buildFile(folder: string, file: string, former: Manifest): Promise<{ hash: string; done: keyof Built }> {
  const source = path.join(folder, 'src', file);
  const output = path.join(folder, 'dist', outputOf(file));
  const hash = createHash('sha1')
    .update(RECIPE)
    .update(await readFile(source))
    .digest('hex');
  if (former[file] === hash && (await there(output))) return { hash, done: 'unchanged' };
  if (isCode(file)) await compile(source, output);
  else await place(output, (draft) => copyFile(source, draft));
  return { hash, done: isCode(file) ? 'compiled' : 'copied' };
}

async function removeStale(folder: string, former: Manifest, now: Manifest): Promise<number> {
  const kept = new Set(Object.keys(now).map(outputOf));
  const stale = Object.keys(former).filter((file) => !(file in now) && !kept.has(outputOf(file)));
  for (const file of stale) {
    const output = path.join(folder, 'dist', outputOf(file));
    await rm(output, { force: true });
    await rm(`${output}.map`, { force: true });
  }
  return stale.length;
}

async function buildPackage(folder: string): Promise<Built> {
  const former = await formerManifest(folder);
  const now: Manifest = {};
  const count = { compiled: 0, copied: 0, removed: 0, unchanged: 0 };
  for (const file of await sourcesOf(folder)) {
    const { hash, done } = await buildFile(folder, file, former);
    now[file] = hash;
    count[done] += 1;
  }
  count.removed = await removeStale(folder, former, now);
  if (count.compiled + count.copied + count.removed > 0) await writeJson(path.join(folder, 'dist', MANIFEST), now);
  return count;
}

/**
 * Compiles what changed of all libraries, services and the gateway into `dist`, copies what is not code, removes what has
 * no source any more. The compiler is loaded only when there is something to compile.
 *
 * @throws Problem with the compiler's words when a file does not compile; what was built before it stays.
 */
export async function buildAll(): Promise<Built> {
  const total = { compiled: 0, copied: 0, removed: 0, unchanged: 0 };
  for (const folder of await packages()) {
    const built = await buildPackage(folder);
    total.compiled += built.compiled;
    total.copied += built.copied;
    total.removed += built.removed;
    total.unchanged += built.unchanged;
  }
  return total;
}

export const describeBuilt = (built: Built): string =>
  `${built.compiled} files compiled, ${built.copied} copied, ${built.removed} removed, ${built.unchanged} unchanged`;
