import { expect, it } from '@jest/globals';
import { benchmarksFile, circumstances, type Measured } from './report.ts';
import type { BenchTable } from './table.ts';

const table = (name: string, value: number): BenchTable => ({
  name,
  rows: [{ figure: `${name} figure`, value, unit: 'ms', bar: '<= 5', met: value <= 5 }],
  notes: [`How ${name} was measured.`],
});

const measured = (tables: readonly BenchTable[], reasons: Measured['reasons'] = {}): Measured => ({
  at: circumstances('npm run bench', '18.4'),
  tables,
  unmeasured: [{ what: 'figures over Kafka', why: 'not yet' }],
  reasons,
});

it('takes the place of what was measured before, and leaves the other sections', () => {
  const first = benchmarksFile(measured([table('append', 1), table('city', 2)]), '');
  const second = benchmarksFile(measured([table('city', 3)]), first);
  expect(second).toContain('| append figure | 1 | ms |');
  expect(second).toContain('| city figure | 3 | ms |');
  expect(second).not.toContain('| city figure | 2 | ms |');
  expect(second.match(/^## .*/gm)).toEqual(['## append', '## city', '## Not measured yet']);
  expect(benchmarksFile(measured([]), second)).toBe(second);
});

it('says of a missed bar why, or that nobody knows', () => {
  const missed = [table('city', 6)];
  expect(benchmarksFile(measured(missed), '')).toContain('Missed: city figure. Reason: the cause is not known yet.');
  const known = benchmarksFile(measured(missed, { 'city figure': 'two cores' }), '');
  expect(known).toContain('Missed: city figure. Reason: two cores.');
});
