import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { readArguments } from '../state/arguments.ts';
import { Problem, reasonOf } from '../state/problem.ts';
import { ROOT } from '../state/state-folder.ts';
import { benchAppend } from './append.ts';
import { benchCity } from './city.ts';
import { type FreshServer, openFreshServer } from './fresh-server.ts';
import { benchReadLatency } from './read-latency.ts';
import { benchRebuild } from './rebuild.ts';
import { benchmarksFile, circumstances, onScreen, type Unmeasured } from './report.ts';
import { REASONS } from './reasons.ts';
import type { BenchTable } from './table.ts';

const HELP = `
npm run bench [-- NAME...] [--json]

Measures, prints tables, and writes docs/benchmarks.md when every benchmark was asked for. Takes about six minutes on two
cores; whatever else runs on the machine takes from the figures. Names:

  append        appends against Emmett and raw inserts
  read-latency  from an append to own and another service's read model
  rebuild       a read model built anew
  city          a real city: start to first figure, bulk door, memory

  --json  print the tables as JSON

Exit code: 0 measured (a missed bar too), 1 a benchmark could not be run.`;

const BENCHES: Readonly<Record<string, (server: FreshServer) => Promise<BenchTable>>> = {
  append: ({ database }) => benchAppend(database),
  'read-latency': ({ database }) => benchReadLatency(database),
  rebuild: ({ database }) => benchRebuild(database),
  city: () => benchCity(),
};

/** What the design sets a bar for and no benchmark here measures. */
const UNMEASURED: readonly Unmeasured[] = [
  {
    what: 'works at scale: append and first page of works at 10^4 against 10^6 events over 10^5 works (bar: ratio <= 1.3)',
    why: 'there is no benchmark for it yet',
  },
  { what: 'rebuild of a read model with history (bar: >= 5,000 events/s)', why: 'there is no benchmark for it yet' },
  { what: 'figures over Kafka', why: 'there is no benchmark for them yet' },
];

function chosen(words: readonly string[]): string[] {
  const unknown = words.find((word) => !Object.hasOwn(BENCHES, word));
  if (unknown === undefined) return words.length > 0 ? [...words] : Object.keys(BENCHES);
  throw new Problem(`There is no benchmark "${unknown}".`, `There are: ${Object.keys(BENCHES).join(', ')}.`);
}

async function versionOf(server: FreshServer): Promise<string> {
  const client = new pg.Client({ connectionString: await server.database('bench_version') });
  await client.connect();
  try {
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    return rows[0]?.server_version ?? 'unknown';
  } finally {
    await client.end();
  }
}

/** All of one server; one that fails is told among what was not measured, and the others go on. */
async function measure(
  names: readonly string[],
  server: FreshServer,
): Promise<{ tables: BenchTable[]; failed: Unmeasured[] }> {
  const tables: BenchTable[] = [];
  const failed: Unmeasured[] = [];
  for (const name of names) {
    console.error(`measuring ${name} ...`);
    try {
      const table = await BENCHES[name]?.(server);
      if (table) tables.push(table);
    } catch (error) {
      failed.push({ what: name, why: `it could not be run: ${reasonOf(error)}` });
    }
  }
  return { tables, failed };
}

export async function run(args: readonly string[]): Promise<number> {
  const { values, words } = readArguments(args, HELP, { json: { type: 'boolean' } }, { atMost: 99 });
  const names = chosen(words);
  const server = await openFreshServer();
  try {
    const command = ['npm run bench', ...(words.length > 0 ? ['--', ...words] : [])].join(' ');
    const at = circumstances(command, await versionOf(server));
    const { tables, failed } = await measure(names, server);
    if (values.json) console.log(JSON.stringify({ at, tables, failed }, null, 2));
    else console.log(tables.map((table) => onScreen(table, REASONS)).join('\n\n'));
    for (const { what, why } of failed) console.error(`${what}: ${why}`);
    if (names.length === Object.keys(BENCHES).length) {
      const text = benchmarksFile(at, tables, [...failed, ...UNMEASURED], REASONS);
      await writeFile(path.join(ROOT, 'docs', 'benchmarks.md'), text);
    }
    return failed.length > 0 ? 1 : 0;
  } finally {
    await server.close();
  }
}
