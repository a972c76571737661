import path from 'node:path';
import type { IsoDate } from '@tongchou/kernel';
import { checkedRows, type SourceFile } from './checked-rows.ts';
import { NoProgress } from './door-lane.ts';
import { encodingOf } from './encoding.ts';
import { compareRows, type Profile, type Row } from './profile.ts';
import { Progress } from './progress.ts';
import { Report } from './report.ts';
import type { RowVerdict } from './row-verdict.ts';
import { type Doors, sendRows } from './send-rows.ts';
import { sortBounded } from './sort-bounded.ts';
import { Tally } from './tally.ts';

export interface ImportPlan<Content> {
  readonly profile: Profile<Content>;
  readonly files: readonly string[];
  readonly until: IsoDate | undefined;
  readonly report: string | undefined;
  /** `undefined`: nothing is sent. */
  readonly doors: Doors | undefined;
  /** For what does not fit into memory. */
  readonly spill: string;
}

export interface Imported {
  readonly sources: readonly SourceFile[];
  readonly tally: Tally;
  /** Why it ended before all rows had their verdict. */
  readonly unfinished?: NoProgress;
  readonly seconds: number;
}

async function* counted<Content>(rows: AsyncIterable<Row<Content>>, tally: Tally): AsyncGenerator<Row<Content>> {
  for await (const row of rows) {
    tally.met(row.reference);
    yield row;
  }
}

async function dryRun<Content>(
  rows: AsyncIterable<Row<Content>>,
  verdict: (verdict: RowVerdict) => void,
): Promise<void> {
  for await (const { file, line, reference, period } of rows) {
    verdict({ file, line, reference, period, status: 'ready', because: '' });
  }
}

/**
 * Reads all files, then sends their rows in order of period and reference. Nothing is sent before everything was read, so
 * that a file that cannot be read as a whole leaves nothing half imported.
 */
export async function runImport<Content>(plan: ImportPlan<Content>): Promise<Imported> {
  const { profile, until, doors, spill } = plan;
  const began = performance.now();
  const sources = await Promise.all(
    plan.files.map(async (file) => ({ path: file, encoding: await encodingOf(file) }) satisfies SourceFile),
  );
  const tally = new Tally();
  const report = plan.report === undefined ? undefined : new Report(spill);
  await report?.open();
  const row = (verdict: RowVerdict): void => {
    tally.row(verdict);
    report?.add(verdict);
  };
  let sending = false;
  const progress = new Progress(() =>
    sending
      ? { what: 'rows sent', done: tally.settled, of: tally.sendable + tally.count('invalid', 'later') }
      : { what: 'rows read', done: tally.sendable },
  );
  const checked = counted(checkedRows(sources, profile, until, row), tally);
  const sorted = sortBounded(checked, compareRows, path.join(spill, 'rows'));
  let unfinished: NoProgress | undefined;
  try {
    const begun = beginning(sorted, () => (sending = true));
    if (!doors) await dryRun(begun, row);
    else {
      const room = async (): Promise<void> => report?.room();
      await sendRows(begun, profile, doors, { row, command: (verdict) => tally.command(verdict), room });
    }
  } catch (error) {
    if (!(error instanceof NoProgress)) throw error;
    unfinished = error;
  } finally {
    progress.stop();
  }
  if (plan.report !== undefined) await report?.write(plan.report, sources);
  return { sources, tally, seconds: (performance.now() - began) / 1000, ...(unfinished && { unfinished }) };
}

async function* beginning<Item>(items: AsyncIterable<Item>, begun: () => void): AsyncGenerator<Item> {
  for await (const item of items) {
    begun();
    yield item;
  }
}
