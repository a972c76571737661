import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { readArguments } from '../state/arguments.ts';
import { Problem, reasonOf } from '../state/problem.ts';
import { ROOT } from '../state/state-folder.ts';
import { benchAccess } from './access.ts';
import { benchAppend } from './append.ts';
import { benchCity } from './city.ts';
import { closeFreshBrokers } from './fresh-broker.ts';
import { type FreshServer, openFreshServer } from './fresh-server.ts';
import { benchInstances } from './instances.ts';
import { benchKafkaLimit } from './kafka-limit.ts';
import { benchReadLatency } from './read-latency.ts';
import { benchReadLatencyOverKafka } from './read-latency-kafka.ts';
import { benchRebuild } from './rebuild.ts';
import { benchReceive } from './receive.ts';
import { benchRelay } from './relay.ts';
import { benchmarksFile, circumstances, type Measured, onScreen, type Unmeasured } from './report.ts';
import { REASONS } from './reasons.ts';
import type { BenchTable } from './table.ts';
import { benchWorksAtScale } from './works-at-scale.ts';

const FILE = path.join(ROOT, 'docs', 'benchmarks.md');

const HELP = `
npm run bench [-- NAME...] [--runs N] [--json] [--dry]

Measures, prints tables, and writes them into docs/benchmarks.md; sections of benchmarks that were not asked for stay. Takes
half an hour on two cores; whatever else runs on the machine takes from the figures. Names:

  access              what it costs to know who asks, a request
  append              appends against Emmett and raw inserts
  read-latency        from an append to own and another service's read model
  read-latency-kafka  to another service's read model over Kafka, the PostgreSQL bus beside it
  relay               a store's events to Kafka and to the PostgreSQL bus
  kafka-limit         the Kafka adapter against raw kafkajs
  receive             facts received in sets against one transaction a fact
  rebuild             a read model built anew: alone, under live traffic, with history
  instances           two instances of each service against one
  city                a real city: start to first figure, bulk door, memory
  works-at-scale      a command and the first page of works with 10,000 and with 1,000,000 events

Those of Kafka start one node of it: Java 17 and Maven.

  --runs N  runs of which the medians count (1 to 20), instead of each benchmark's own number
  --json    print the tables as JSON
  --dry     print only, and leave docs/benchmarks.md as it is

Exit code: 0 measured (a missed bar too), 1 a benchmark could not be run.`;

interface Wish {
  readonly runs?: number;
}

const BENCHES: Readonly<Record<string, (server: FreshServer, wish: Wish) => Promise<BenchTable>>> = {
  access: (_, wish) => benchAccess(wish),
  append: ({ database }, wish) => benchAppend(database, wish),
  'read-latency': ({ database }, wish) => benchReadLatency(database, wish),
  'read-latency-kafka': ({ database }, wish) => benchReadLatencyOverKafka(database, wish),
  relay: ({ database }, wish) => benchRelay(database, wish),
  'kafka-limit': ({ database }, wish) => benchKafkaLimit(database, wish),
  receive: ({ database }, wish) => benchReceive(database, wish),
  rebuild: ({ database }, wish) => benchRebuild(database, wish),
  instances: (_, wish) => benchInstances(wish),
  city: (_, wish) => benchCity(wish),
  'works-at-scale': (_, wish) => benchWorksAtScale(wish),
};

/** What the design sets a bar for and no benchmark here measures. */
const UNMEASURED: readonly Unmeasured[] = [
  {
    what: 'rebuild of a read model that answers as of an instant (bar: >= 5,000 events/s)',
    why: 'no model keeps from when to when its rows held; the model that keeps every fact is measured in its place',
  },
];

function chosen(words: readonly string[]): string[] {
  const unknown = words.find((word) => !Object.hasOwn(BENCHES, word));
  if (unknown === undefined) return words.length > 0 ? [...words] : Object.keys(BENCHES);
  throw new Problem(`There is no benchmark "${unknown}".`, `There are: ${Object.keys(BENCHES).join(', ')}.`);
}

const MOST_RUNS = 20;

function wishOf(runs: string | undefined): Wish {
  if (runs === undefined) return {};
  const count = Number(runs);
  if (Number.isInteger(count) && count >= 1 && count <= MOST_RUNS) return { runs: count };
  throw new Problem(`--runs ${runs} cannot be done.`, `Give a whole number from 1 to ${MOST_RUNS}.`);
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
  wish: Wish,
): Promise<{ tables: BenchTable[]; failed: Unmeasured[] }> {
  const tables: BenchTable[] = [];
  const failed: Unmeasured[] = [];
  for (const name of names) {
    console.error(`measuring ${name} ...`);
    try {
      const table = await BENCHES[name]?.(server, wish);
      if (table) tables.push(table);
    } catch (error) {
      failed.push({ what: name, why: `it could not be run: ${reasonOf(error)}` });
    }
  }
  return { tables, failed };
}

/** PostgreSQL runs in a group of its own, which Ctrl-C does not reach: what is interrupted ends it. */
function endWith(server: FreshServer): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      // Connections of the benchmark under way complain that the server goes.
      process.on('uncaughtException', () => undefined);
      void Promise.all([closeFreshBrokers(), server.close()]).finally(() => process.exit(1));
    });
  }
}

async function record(measured: Measured): Promise<void> {
  const former = await readFile(FILE, 'utf8').catch(() => '');
  await writeFile(FILE, benchmarksFile(measured, former));
}

export async function run(args: readonly string[]): Promise<number> {
  const options = { json: { type: 'boolean' }, dry: { type: 'boolean' }, runs: { type: 'string' } } as const;
  const { values, words } = readArguments(args, HELP, options, { atMost: 99 });
  const names = chosen(words);
  const wish = wishOf(values.runs);
  const server = await openFreshServer();
  endWith(server);
  try {
    const given = [...words, ...(values.runs === undefined ? [] : ['--runs', values.runs])];
    const command = ['npm run bench', ...(given.length > 0 ? ['--', ...given] : [])].join(' ');
    const at = circumstances(command, await versionOf(server));
    const { tables, failed } = await measure(names, server, wish);
    if (values.json) console.log(JSON.stringify({ at, tables, failed }, null, 2));
    else console.log(tables.map((table) => onScreen(table, at, REASONS)).join('\n\n'));
    for (const { what, why } of failed) console.error(`${what}: ${why}`);
    if (!values.dry) await record({ at, tables, unmeasured: [...failed, ...UNMEASURED], reasons: REASONS });
    return failed.length > 0 ? 1 : 0;
  } finally {
    await server.close();
  }
}
