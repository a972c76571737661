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

function section({ name, rows, notes }: BenchTable, reasons: Reasons): string {
  const missed = rows.filter(({ met }) => met === false);
  const why = missed.map(({ figure }) => `- Missed: ${figure}. Reason: ${reasons[figure] ?? UNKNOWN}.`);
  return [`## ${name}`, '', ...HEAD, ...rows.map(tableRow), '', ...why, ...notes.map((note) => `- ${note}`)].join('\n');
}

/** What a person reads on the screen: the same tables without the file's frame. */
export const onScreen = (table: BenchTable, reasons: Reasons): string => section(table, reasons);

/** docs/benchmarks.md as text. */
export function benchmarksFile(
  at: Circumstances,
  tables: readonly BenchTable[],
  unmeasured: readonly Unmeasured[],
  reasons: Reasons,
): string {
  const machine = [
    `- ${at.date}, \`${at.command}\``,
    `- ${at.cores} cores (${at.processor}), ${at.memoryGb} GB memory, ${at.platform}`,
    `- Node ${at.node}, PostgreSQL ${at.postgres}, fsync and synchronous_commit on`,
    `- Load average at the start: ${at.loadAtStart}. What else runs on the machine takes from every figure below.`,
  ];
  const left = unmeasured.map(({ what, why }) => `- ${what}: ${why}`);
  const parts = [
    '# Benchmarks',
    'Written by `npm run bench`; do not edit. Load and server share one machine; peers run in the same run.',
    machine.join('\n'),
    ...tables.map((table) => section(table, reasons)),
    ...(left.length > 0 ? [`## Not measured yet\n\n${left.join('\n')}`] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}
