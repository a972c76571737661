import fc from 'fast-check';
import type { RegisterRow } from './register-oracle.ts';

/** The file's columns; those that no rule reads are among them. */
export const COLUMNS = [
  'Date Reported As Of',
  'PID',
  'Project Name',
  'Description',
  'Category',
  'Borough',
  'Managing Agency',
  'Client Agency',
  'Current Phase',
  'Design Start',
  'Budget Forecast',
  'Latest Budget Changes',
  'Total Budget Changes',
  'Forecast Completion',
  'Latest Schedule Changes',
  'Total Schedule Changes',
];

// Few values a cell, chosen at the edges of the rules, so that they meet often: values that come back, exactly 20 years
// and a day more in both directions, exactly 30 years and a year more, 105 % and a cent more, 29 February.
const PERIODS = ['05/01/2013', '01/01/2014', '02/29/2016', '06/01/2016', '03/04/2018', '03/05/2018', '08/01/2018'];
const PHASES = [
  'Scoping/Planning',
  'Design',
  'Construction Procurement',
  'Construction',
  'Close-Out',
  'IT',
  'constructor',
];
const STARTS = ['09/23/2013', '02/29/2012', '01/01/2017'];
const FINISHES = [
  ...['02/28/2016', '02/29/2016', '03/30/2016', '03/31/2016', '06/30/2019', '07/30/2019'],
  ...['02/28/2036', '02/29/2036', '03/01/2036', '06/30/2039', '07/01/2039', '06/30/1999', '06/29/1999'],
  ...['12/31/2043', '01/01/2044', '12/31/2048', '01/01/2049', '06/30/2108'],
];
const BUDGETS = [
  '100000000',
  '105000000.00',
  '105000000.01',
  '99.9',
  '25000000',
  '0',
  '-5',
  '-0.00',
  '90071992547409.91',
];
const AGENCIES = ['DOT', 'DEP', '', 'Büro'];
const CATEGORIES = ['Bridges', 'Bridges, Parks', 'Parks, Bridges, IT', '', 'Sewers'];
const BOROUGHS = [
  'Bronx',
  'Queens, Bronx',
  'Bronx, Queens, Manhatten',
  'Bronx, Bronx, Queens',
  'Bronx,Queens',
  '浦东新区',
  '',
];
const NAMES = ['A bridge', 'A "bridge", rebuilt', 'Two\nlines', '跨江大桥'];

const oneOf = (words: readonly string[]) => fc.constantFrom(...words);
const mostly = (words: readonly string[]) => fc.oneof({ weight: 5, arbitrary: oneOf(words) }, fc.constant(''));

const row = fc.record({
  'Date Reported As Of': fc
    .tuple(oneOf(PERIODS), fc.constantFrom('', ' 12:00:00 AM'))
    .map(([period, midnight]) => `${period}${midnight}`),
  'Current Phase': mostly(PHASES),
  'Design Start': mostly(STARTS),
  'Budget Forecast': mostly(BUDGETS),
  'Forecast Completion': mostly(FINISHES),
  'Project Name': oneOf(NAMES),
  Description: oneOf(['', 'One, "two"', 'line\r\nbreak']),
  Category: oneOf(CATEGORIES),
  Borough: oneOf(BOROUGHS),
  'Managing Agency': oneOf(AGENCIES),
  'Total Budget Changes': fc.constant('1,2'),
});

const worksOf = fc.array(fc.array(row, { minLength: 1, maxLength: 9 }), { minLength: 80, maxLength: 80 });

/** Rows of works from reference `from` on, in no order, some of them twice; the same seed gives the same rows. */
export function randomRows(seed: number, from: number): RegisterRow[] {
  const [works = []] = fc.sample(worksOf, { seed, numRuns: 1 });
  const rows = works.flatMap((of, index) => of.map((one) => ({ ...one, PID: String(from + index) })));
  const doubled = [...rows, ...rows.filter((_, index) => index % 7 === 0)];
  const [shuffled = []] = fc.sample(fc.shuffledSubarray(doubled, { minLength: doubled.length }), { seed, numRuns: 1 });
  return shuffled;
}

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** The rows as a file, with a column that nobody asked for. */
export function asCsv(rows: readonly RegisterRow[], lineEnd = '\n'): string {
  const columns = [...COLUMNS, 'Extra'];
  const lines = rows.map((one) => columns.map((column) => quoted(one[column] ?? '')).join(','));
  return `${[columns.join(','), ...lines].join(lineEnd)}${lineEnd}`;
}
