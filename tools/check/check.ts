import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { checkLicences } from './licences.ts';

const root = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');

/** Runs a program of node_modules with our Node; true when it ended well. */
function program(file: string, ...args: string[]): boolean {
  const { status } = spawnSync(process.execPath, [`node_modules/${file}`, ...args], { cwd: root, stdio: 'inherit' });
  return status === 0;
}

function npmScript(name: string, ...args: string[]): boolean {
  const flags = ['--conditions=@tongchou/source', 'tools/run.mjs', name, ...args];
  return spawnSync(process.execPath, flags, { cwd: root, stdio: 'inherit' }).status === 0;
}

const STEPS: readonly { readonly name: string; readonly run: () => boolean }[] = [
  { name: 'format', run: () => program('prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.') },
  { name: 'lint and doors', run: () => program('nx/dist/bin/nx.js', 'run-many', '-t', 'lint', '--outputStyle=static') },
  { name: 'types', run: () => program('typescript/bin/tsc', '-p', '.') },
  { name: 'licences', run: () => checkLicences(root) },
  { name: 'printed pages are fresh', run: () => npmScript('docs', '--check') },
  { name: 'tests', run: () => npmScript('test') },
];

/** Everything that CI asks of a change, in the order in which it fails cheapest. Stops at the first step that fails. */
export async function run(): Promise<number> {
  for (const { name, run: passes } of STEPS) {
    console.log(`\n== ${name}`);
    if (passes()) continue;
    console.error(`\nnpm run check stopped at: ${name}`);
    return 1;
  }
  return 0;
}
