import { cpus, totalmem } from 'node:os';
import type { TurnResult } from './run-trial.ts';
import { controlOf, listed } from './table.ts';

const HEAD = `# Promises under faults

Written by \`npm run faults -- --full --report\`; do not edit. Each promise is tried by really killing, freezing and cutting
things, with the load running; a checker compares what was acknowledged with stores, received facts and read models. The
control is a deliberately naive variant under the same checker: a promise whose control passes is not shown.

- The smoke set, a few seconds a promise: \`npm run faults\`. The volumes of the table: \`npm run faults -- --full\`.
- One promise again: \`npm run faults -- --only P1 --seed 7 --bus kafka\`. The seed settles commands and times of faults; how
  processes interleave, the machine decides. Every run prints where its history file lies.`;

const COLUMNS = '| promise | figures | faults that happened | control | verdict | run |\n|---|---|---|---|---|---|';
const TITLES = { postgres: 'PostgreSQL bus', kafka: 'Kafka', once: 'Whatever the bus' };

const cell = (text: string): string => text.replaceAll('|', '/').replaceAll('\n', ' ');

function row(result: TurnResult, at: Circumstances): string {
  const { trial, outcome, faults, verdict, reasons, seed, seconds } = result;
  const said = verdict === 'held' ? verdict : `${verdict}: ${reasons.slice(0, 2).join('; ')}`;
  const run = `seed ${seed}, ${at.full ? 'full' : 'smoke'}, ${seconds} s, ${at.date}`;
  const cells = [`${trial.id}: ${trial.says}`, listed(outcome?.figures ?? {}), listed(faults), controlOf(result)];
  return `| ${[...cells, said, run].map(cell).join(' | ')} |`;
}

export interface Circumstances {
  readonly date: string;
  readonly full: boolean;
}

const titleOf = ({ trial, bus }: TurnResult): string => TITLES[trial.bus ? bus : 'once'];
const idOf = (line: string): string | undefined => /^\| (P\d+):/.exec(line)?.[1];
const numberOf = (id: string): number => Number(id.slice(1));

/** Rows of a file that was written before, by section and promise. */
function rowsOf(file: string): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  for (const text of file.split(/^(?=## )/m).slice(1)) {
    const [title = '', ...lines] = text.split('\n');
    const rows = lines.flatMap((line) => {
      const id = idOf(line);
      return id === undefined ? [] : [[id, line] as const];
    });
    sections.set(title.slice(3), new Map(rows));
  }
  return sections;
}

function section(title: string, rows: ReadonlyMap<string, string>): string {
  const sorted = [...rows].toSorted(([one], [other]) => numberOf(one) - numberOf(other));
  return [`## ${title}`, '', COLUMNS, ...sorted.map(([, line]) => line)].join('\n');
}

/** docs/promises.md as text: what was run now in the place of what stood there, all other rows of `former` kept. */
export function promisesFile(results: readonly TurnResult[], at: Circumstances, former: string): string {
  const sections = rowsOf(former);
  for (const result of results) {
    const rows = sections.get(titleOf(result)) ?? new Map<string, string>();
    rows.set(result.trial.id, row(result, at));
    sections.set(titleOf(result), rows);
  }
  const machine = `- Last run on ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB memory, Node ${process.version}.`;
  const shown = Object.values(TITLES).flatMap((title) => {
    const rows = sections.get(title);
    return rows ? [section(title, rows)] : [];
  });
  return `${[`${HEAD}\n${machine}`, ...shown].join('\n\n')}\n`;
}
