import type { Door } from '../state/door.ts';
import { number } from '../state/figures.ts';
import { reasonOf } from '../state/problem.ts';
import { shownFile, type SourceFile } from './checked-rows.ts';
import { controlTable } from './control-table.ts';
import type { Profile } from './profile.ts';
import type { Imported } from './run-import.ts';
import type { RowVerdict } from './row-verdict.ts';
import { type ControlTotals, controlTotals } from './totals.ts';

export interface Summary {
  readonly imported: Imported;
  readonly profile: Pick<Profile<unknown>, 'name' | 'currency'>;
  /** Where control totals are asked; `undefined` after a dry run. */
  readonly door: Door | undefined;
  /** Where the verdict of each row was written. */
  readonly report: string | undefined;
  readonly form: 'table' | 'brief' | 'json';
}

const object = (counts: ReadonlyMap<string, number>): Record<string, number> => Object.fromEntries(counts);

function asJson({ imported, profile, door, report }: Summary, found: ControlTotals | undefined): object {
  const { tally, sources, seconds, unfinished } = imported;
  return {
    profile: profile.name,
    currency: profile.currency,
    dryRun: door === undefined,
    files: sources.map((source) => ({ file: shownFile(source), encoding: source.encoding })),
    rows: tally.settled,
    works: tally.references ?? null,
    verdicts: object(tally.rows),
    commands: object(tally.commands),
    recorded: object(tally.facts),
    notable: tally.notable,
    ...(found && { totals: found.totals, totalsComplete: found.complete }),
    ...(report !== undefined && { report }),
    seconds: Number(seconds.toFixed(3)),
    finished: unfinished === undefined,
    ...(unfinished && {
      left: { service: unfinished.service, commands: unfinished.left, because: unfinished.message },
    }),
  };
}

function verdictLines({ tally, seconds }: Imported, dryRun: boolean): string[] {
  const counts = [...tally.rows].map(([status, count]) => `${number(count)} ${status}`).join(', ');
  const works = tally.references === undefined ? 'more works than are counted' : `${number(tally.references)} works`;
  const facts = [...tally.facts.values()].reduce((sum, count) => sum + count, 0);
  const what = dryRun ? 'Dry run, nothing was sent' : `${number(facts)} facts recorded`;
  return [`${number(tally.settled)} rows of ${works}: ${counts || 'none'}. ${what} in ${seconds.toFixed(1)} s.`];
}

const notableLine = (verdict: RowVerdict, sources: readonly SourceFile[]): string => {
  const source = sources[verdict.file];
  const where = `${source ? shownFile(source) : ''}:${verdict.line}`;
  const which = verdict.reference === '' ? '' : ` (${verdict.reference}, ${verdict.period})`;
  return `  ${where}${which} ${verdict.status}: ${verdict.because}`;
};

function notableLines({ tally, sources }: Imported, report: string | undefined): string[] {
  if (tally.notable.length === 0) return [];
  const shown = tally.notable.toSorted((a, b) => a.file - b.file || a.line - b.line);
  const more = tally.count('invalid', 'rejected', 'quarantined') - tally.notable.length;
  const rest =
    more > 0 ? [`  and ${number(more)} more${report === undefined ? ': --report FILE names them all' : ''}`] : [];
  return ['Rows to look at:', ...shown.map((verdict) => notableLine(verdict, sources)), ...rest];
}

const encodingLines = ({ sources }: Imported): string[] =>
  sources.flatMap((source) =>
    source.encoding === 'utf-8' ? [] : [`${shownFile(source)} is not UTF-8: it was read as GBK. Look at its names.`],
  );

function unfinishedLines({ unfinished }: Imported): string[] {
  if (!unfinished) return [];
  const { service, left, message } = unfinished;
  return [
    `Not finished: ${service} gave no verdict for two minutes (${message}).`,
    `${number(left)} commands for it are left. What to do: npm run status, then the same import again; it goes on from here.`,
  ];
}

/** Control totals, or why there are none: the rows are in either way. */
async function askTotals({ imported, door, profile }: Summary): Promise<ControlTotals | string | undefined> {
  if (!door || imported.unfinished) return undefined;
  return controlTotals(door, profile.name).catch((problem: unknown) => `No control totals: ${reasonOf(problem)}`);
}

function totalLines(found: ControlTotals | string | undefined, { form, profile }: Summary): string[] {
  if (found === undefined) return [];
  if (typeof found === 'string') return [found];
  const late = found.complete
    ? []
    : ['Some facts were still on their way: npm run status shows how fresh the city is.'];
  return [...(form === 'table' ? controlTable(found.totals, profile) : []), ...late];
}

/** Prints what became of an import, with control totals asked from the city. */
export async function printSummary(summary: Summary): Promise<void> {
  const { imported, door, report, form } = summary;
  const found = await askTotals(summary);
  if (form === 'json') {
    console.log(JSON.stringify(asJson(summary, typeof found === 'object' ? found : undefined), null, 2));
    return;
  }
  const lines = [
    ...verdictLines(imported, door === undefined),
    ...encodingLines(imported),
    ...notableLines(imported, report),
    ...totalLines(found, summary),
    ...(report === undefined ? [] : [`The verdict of each row: ${report}`]),
    ...unfinishedLines(imported),
  ];
  console.log(lines.map((line) => (form === 'brief' ? `          ${line}` : line)).join('\n'));
}
