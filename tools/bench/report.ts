import { cpus, loadavg, totalmem } from 'node:os';
import type { BenchRow, BenchTable } from './table.ts';

/** Where and how it was measured. */
export interface Circumstances {
  readonly date: string;
  readonly command: string;
  readonly cores: number;
  readonly processor: string;
  readonly memoryGb: number;
  readonly platform: string;
  readonly node: string;
  readonly postgres: string;
  /** Of the minute before the first benchmark. */
  readonly loadAtStart: number;
}

/** Why a bar was missed, said by who looked; a miss that stands without reason asks for one. */
export type Reasons = Readonly<Record<string, string>>;

export interface Unmeasured {
  readonly what: string;
  readonly why: string;
}

export function circumstances(command: string, postgres: string): Circumstances {
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' ') + ' UTC',
    command,
    cores: cpus().length,
    processor: cpus()[0]?.model ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    postgres,
    loadAtStart: Number((loadavg()[0] ?? 0).toFixed(2)),
  };
}

const shown = (value: number): string => value.toLocaleString('en-US');
const verdict = ({ met }: BenchRow): string => (met === undefined ? '' : met ? 'met' : 'MISSED');

function tableRow(row: BenchRow): string {
  const cells = [row.figure, shown(row.value), row.unit, row.spread ?? '', row.bar ?? '', verdict(row)];
  return `| ${cells.join(' | ')} |`;
}

const HEAD = ['| figure | value | unit | lowest to highest run | bar | |', '|---|---:|---|---|---|---|'];

const UNKNOWN = 'the cause is not known yet';
const LEFT = 'Not measured yet';

const measuredBy = ({ date, command, loadAtStart }: Circumstances): string =>
  `- Measured ${date} by \`${command}\`; load average before: ${loadAtStart}.`;

function section({ name, rows, notes }: BenchTable, at: Circumstances, reasons: Reasons): string {
  const missed = rows.filter(({ met }) => met === false);
  const why = missed.map(({ figure }) => `- Missed: ${figure}. Reason: ${reasons[figure] ?? UNKNOWN}.`);
  const said = [...why, ...notes.map((note) => `- ${note}`), measuredBy(at)];
  return [`## ${name}`, '', ...HEAD, ...rows.map(tableRow), '', ...said].join('\n');
}

/** What a person reads on the screen: the same tables without the file's frame. */
export const onScreen = (table: BenchTable, at: Circumstances, reasons: Reasons): string => section(table, at, reasons);

/** Sections of a file that was written before, by their names. */
function sectionsOf(file: string): Map<string, string> {
  const sections = file.split(/^(?=## )/m).slice(1);
  return new Map(sections.map((text) => [/^## (.*)/.exec(text)?.[1] ?? '', text.trimEnd()]));
}

export interface Measured {
  readonly at: Circumstances;
  readonly tables: readonly BenchTable[];
  readonly unmeasured: readonly Unmeasured[];
  readonly reasons: Reasons;
}

/** docs/benchmarks.md as text: what was measured now in the place of what stood there, the other sections of `former` kept. */
export function benchmarksFile({ at, tables, unmeasured, reasons }: Measured, former: string): string {
  const machine = [
    `- ${at.cores} cores (${at.processor}), ${at.memoryGb} GB memory, ${at.platform}`,
    `- Node ${at.node}, PostgreSQL ${at.postgres}, fsync and synchronous_commit on`,
    '- What else runs on the machine takes from every figure below: each section tells the load before it.',
  ];
  const sections = sectionsOf(former);
  sections.delete(LEFT);
  for (const table of tables) sections.set(table.name, section(table, at, reasons));
  const left = unmeasured.map(({ what, why }) => `- ${what}: ${why}`);
  const parts = [
    '# Benchmarks',
    'Written by `npm run bench`; do not edit. Load and server share one machine; peers run in the same run.',
    machine.join('\n'),
    ...sections.values(),
    ...(left.length > 0 ? [`## ${LEFT}\n\n${left.join('\n')}`] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}
