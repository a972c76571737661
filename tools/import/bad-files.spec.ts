import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { nycCapitalProjects } from './nyc-capital-projects.ts';
import type { RowStatus } from './row-verdict.ts';
import { type Imported, runImport } from './run-import.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'import-spec-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const HEADER = [...nycCapitalProjects.columns, 'Total Schedule Changes'].join(',');

const CELLS = {
  period: '08/01/2018 12:00:00 AM',
  pid: '7',
  name: 'A bridge',
  description: 'Steel',
  category: 'Bridges',
  borough: 'Queens',
  managing: 'DOT',
  client: '',
  phase: 'Design',
  designStart: '09/23/2013',
  budget: '182980960.5',
  completion: '01/14/2020',
  changes: '3',
};

const rowOf = (cells: Partial<typeof CELLS> = {}): string => Object.values({ ...CELLS, ...cells }).join(',');

let files = 0;
/** Dry-runs what a file holds, with a report. */
async function dryRun(content: string | Buffer): Promise<Imported & { report: string[] }> {
  files += 1;
  const file = path.join(folder, `case-${files}.csv`);
  const report = path.join(folder, `case-${files}-report.csv`);
  await writeFile(file, content);
  const imported = await runImport({
    profile: nycCapitalProjects,
    files: [file],
    until: undefined,
    doors: undefined,
    report,
    spill: path.join(folder, `spill-${files}`),
  });
  const lines = (await readFile(report, 'utf8')).trimEnd().split('\r\n').slice(1);
  return { ...imported, report: lines };
}

const csv = (...rows: string[]): string => [HEADER, ...rows, ''].join('\n');
const counts = ({ tally }: Imported): Partial<Record<RowStatus, number>> => Object.fromEntries(tally.rows);

describe('a file that cannot be read as a whole is refused whole', () => {
  const without = nycCapitalProjects.columns.filter((name) => name !== 'PID' && name !== 'Borough').join(',');
  it.each([
    ['missing columns', `${without}\n`, /has no column "PID", "Borough".*Nothing of it was imported/],
    ['a doubled column', `${HEADER},PID\n${rowOf()},8\n`, /the column "PID" more than once/],
    ['no line at all', '', /is empty/],
    ['a quote that never closes', csv(rowOf(), rowOf({ name: '"A bridge' })), /a quote opens and never closes.*line 3/],
    ['text behind a quote', csv(rowOf({ name: '"A" bridge' })), /text follows a closing quote.*line 2/],
    [
      'semicolons',
      csv(rowOf()).replaceAll(',', ';'),
      /parted by semicolons, not by commas.*Nothing of it was imported/,
    ],
    ['tabs', csv(rowOf()).replaceAll(',', '\t'), /parted by tabs, not by commas/],
    ['UTF-16 without its mark', Buffer.from(csv(rowOf()), 'utf16le'), /is UTF-16/],
    ['UTF-16', Buffer.from(`\uFEFF${csv(rowOf())}`, 'utf16le'), /is UTF-16/],
    [
      'neither UTF-8 nor GBK',
      Buffer.concat([Buffer.from(csv(rowOf())), Buffer.from([0xe9, 0x2c])]),
      /neither UTF-8 nor GBK: line 3/,
    ],
    [
      'UTF-8 with a broken place',
      Buffer.concat([Buffer.from(csv(rowOf({ name: '跨江大桥' }))), Buffer.from([0xff])]),
      /UTF-8, but broken from line 3/,
    ],
  ])('%s', async (_, content, message) => {
    await expect(dryRun(content)).rejects.toThrow(message);
  });
});

describe('a row that cannot be taken gets its verdict: column, value, what is allowed', () => {
  it.each<[string, Partial<typeof CELLS>, string]>([
    [
      'a period with the day first',
      { period: '31/08/2018' },
      'Date Reported As Of: ""31/08/2018""; allowed: a day as MM/DD/YYYY',
    ],
    ['a period with the year first', { period: '2018-08-31' }, 'Date Reported As Of: ""2018-08-31""'],
    ['no period', { period: '' }, 'Date Reported As Of: """"'],
    ['a day that does not exist', { completion: '02/30/2020' }, 'Forecast Completion: ""02/30/2020""'],
    ['a design start in words', { designStart: 'Fall 2013' }, 'Design Start: ""Fall 2013""'],
    [
      'an amount with commas',
      { budget: '"182,980,960"' },
      'Budget Forecast: ""182,980,960""; allowed: digits, a point',
    ],
    ['an amount with three places', { budget: '1.005' }, 'Budget Forecast: ""1.005""'],
    ['an amount with a sign of money', { budget: '$5' }, 'Budget Forecast: ""$5""'],
    ['an amount in full-width digits', { budget: '１２' }, 'Budget Forecast: ""１２""'],
    ['an amount beyond what is exact', { budget: '900719925474099.93' }, 'Budget Forecast'],
    ['no key', { pid: ' ' }, 'PID: """"; allowed: a value'],
    ['no name', { name: '' }, 'Project Name: """"'],
    ['a NUL', { description: 'a\0b' }, 'Description: ""a\\\\0b""; allowed: text without NUL'],
    ['a name beyond what a work may have', { name: 'x'.repeat(501) }, 'xxx...""; allowed: at most 500 characters'],
    ['a phase of more than a word', { phase: 'x'.repeat(201) }, 'allowed: at most 200 characters'],
    ['a key that fills a page', { pid: 'x'.repeat(201) }, 'allowed: at most 200 characters'],
    ['districts without end', { borough: `"${'Bronx, '.repeat(100)}"` }, 'allowed: at most 500 characters'],
    ['a cell too many', { changes: '3,4' }, 'row: ""14 cells""; allowed: 13 cells'],
    [
      'a row beyond what a command holds',
      { description: 'x'.repeat(300_000) },
      'characters""; allowed: at most 250000',
    ],
  ])('%s', async (_, cells, because) => {
    const imported = await dryRun(csv(rowOf(), rowOf(cells), rowOf({ pid: '8' })));
    expect(counts(imported)).toEqual({ ready: 2, invalid: 1 });
    expect(imported.report[1]).toContain(',"3","","","invalid",');
    expect(imported.report[1]).toContain(because);
  });
});

describe('what looks odd and is fine', () => {
  it('byte order mark, CRLF, blank lines, columns in another order, cells over several lines', async () => {
    const turned = ['Extra', ...nycCapitalProjects.columns.toReversed()].join(',');
    const cells = Object.values(CELLS).slice(0, 12).toReversed();
    const row = ['x', ...cells.with(8, '"Steel,\n""painted"""')].join(',');
    const imported = await dryRun(`\uFEFF${[turned, row, '', row, ''].join('\r\n')}`);
    expect(counts(imported)).toEqual({ ready: 2 });
    expect(imported.report.map((line) => line.split(',')[1])).toEqual(['"2"', '"5"']);
  });

  it('GBK, named as such', async () => {
    const bridge = Buffer.from([0xbf, 0xe7, 0xbd, 0xad, 0xb4, 0xf3, 0xc7, 0xc5]);
    const [before = '', after = ''] = csv(rowOf({ name: '|' })).split('|');
    const imported = await dryRun(Buffer.concat([Buffer.from(before), bridge, Buffer.from(after)]));
    expect(imported.sources[0]?.encoding).toBe('gb18030');
    expect(counts(imported)).toEqual({ ready: 1 });
  });

  it('amounts below zero and years far away, which the aggregates judge', async () => {
    const imported = await dryRun(
      csv(rowOf({ budget: '-5' }), rowOf({ budget: '0' }), rowOf({ completion: '01/14/2108' })),
    );
    expect(counts(imported)).toEqual({ ready: 3 });
  });

  it('formula cells: taken as text, and never run from the report', async () => {
    const imported = await dryRun(csv(rowOf({ pid: '=1+1', name: '=HYPERLINK(1)' }), rowOf({ budget: '=1+1' })));
    expect(counts(imported)).toEqual({ ready: 1, invalid: 1 });
    expect(imported.report[0]).toContain(`,"'=1+1","ready",`);
    expect(imported.report.join('\n')).not.toMatch(/(^|,)"[=+@-]/m);
  });
});
