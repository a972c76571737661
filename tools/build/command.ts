import { readArguments } from '../state/arguments.ts';
import { buildAll, describeBuilt } from './build.ts';

const HELP = `
npm run build

Compiles what changed in libs, services and gateway into their dist folders. npm start does this by itself.`;

export async function run(args: readonly string[]): Promise<number> {
  readArguments(args, HELP, {});
  const began = Date.now();
  const built = await buildAll();
  console.log(`Built in ${((Date.now() - began) / 1000).toFixed(1)} s: ${describeBuilt(built)}.`);
  return 0;
}
