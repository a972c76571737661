import { HelpWanted, Problem } from '../state/problem.ts';
import { printDocs } from './print.ts';

const HELP = `npm run docs [-- --check]

Prints the catalogues that come from the code: events, AsyncAPI, JSON Schemas, supergraph, errors, OpenAPI, roles and
what each may do; writes golden events that are missing. With --check nothing is written: it ends with 1 when a page is stale.`;

/** `npm run docs`. */
export async function run(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) throw new HelpWanted(HELP);
  const unknown = args.find((argument) => argument !== '--check');
  if (unknown !== undefined) throw new Problem(`npm run docs does not know "${unknown}".`, 'npm run docs -- --help');
  const check = args.includes('--check');
  const { stale } = await printDocs({ check });
  for (const file of stale) console.log(`${check ? 'stale' : 'written'}  ${file}`);
  if (!check || stale.length === 0) console.log(stale.length === 0 ? 'All printed pages are fresh.' : 'Done.');
  else console.error('Pages no longer say what the code says. What to do: npm run docs, and commit what it wrote.');
  return check && stale.length > 0 ? 1 : 0;
}
