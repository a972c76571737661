import { describe, expect, it } from '@jest/globals';
import { projectIdOf } from '@tongchou/contracts';
import { nycCapitalProjects } from './nyc-capital-projects.ts';
import { compareRows, isFault, type Row } from './profile.ts';

const CELLS: Record<string, string> = {
  'Date Reported As Of': '08/01/2018 12:00:00 AM',
  PID: '7',
  'Project Name': 'A bridge',
  Category: 'Bridges, Streets',
  Borough: 'Queens, Bronx',
  'Managing Agency': 'DOT',
};

function commandsOf(cells: Record<string, string>, firstMet = false) {
  const read = nycCapitalProjects.read((column) => ({ ...CELLS, ...cells })[column] ?? '');
  if (isFault(read)) throw new Error(`${read.column}: ${read.value}`);
  return nycCapitalProjects.commands(read, firstMet);
}

const projectId = projectIdOf('nyc-capital-projects', '7');

it('makes of a first row a registration, a report and a budget', () => {
  const commands = commandsOf(
    { 'Budget Forecast': '182980960', 'Forecast Completion': '01/14/2020', 'Current Phase': 'Construction' },
    true,
  );
  expect(commands.map(({ service, command, input }) => [service, command, input])).toEqual([
    [
      'projects',
      'RegisterProject',
      {
        register: 'nyc-capital-projects',
        reference: '7',
        name: 'A bridge',
        description: '',
        projectType: 'Bridges, Streets',
        managingDepartment: 'DOT',
        clientDepartment: '',
        districts: 'Queens, Bronx',
        registeredOn: '2018-08-01',
      },
    ],
    [
      'projects',
      'ReportProgress',
      {
        projectId,
        period: '2018-08-01',
        phase: { word: 'Construction', phase: 'UnderConstruction' },
        finish: '2020-01-14',
      },
    ],
    ['costs', 'ReportBudget', { projectId, period: '2018-08-01', amount: '182980960' }],
  ]);
});

it('reports also a row that says nothing: its agency was heard', () => {
  expect(commandsOf({}).map(({ command, input }) => [command, input])).toEqual([
    ['ReportProgress', { projectId, period: '2018-08-01' }],
  ]);
});

it.each([
  ['Scoping/Planning', 'Screening'],
  ['Design', 'Designing'],
  ['Construction Procurement', 'Procuring'],
  ['Construction', 'UnderConstruction'],
  ['Close-Out', 'SubstantiallyComplete'],
  ['IT', 'Other'],
  ['constructor', 'Other'],
])('takes the phase %s for %s', (word, phase) => {
  expect(commandsOf({ 'Current Phase': word })[0]?.input).toMatchObject({ phase: { word, phase } });
});

describe('keys come from the content', () => {
  const keys = (cells: Record<string, string>): string[] => commandsOf(cells).map((one) => one.idempotencyKey);

  it('the same row has the same keys, also where only what is not sent differs', () => {
    expect(keys({ 'Budget Forecast': '5' })).toEqual(keys({ 'Budget Forecast': '5', 'Total Budget Changes': '1' }));
  });

  it('another period, value or work has others', () => {
    const all = [{}, { 'Date Reported As Of': '09/01/2018' }, { PID: '8' }, { 'Design Start': '01/01/2017' }].flatMap(
      keys,
    );
    expect(new Set(all).size).toBe(all.length);
  });
});

it('orders rows by period, then reference, then as they stand in the files', () => {
  const row = (period: string, reference: string, line: number): Row<string> => {
    const read = nycCapitalProjects.read(
      (column) => ({ ...CELLS, PID: reference, 'Date Reported As Of': period })[column] ?? '',
    );
    if (isFault(read)) throw new Error(read.value);
    return { ...read, content: `${read.period} ${reference} ${line}`, file: 0, line };
  };
  const rows = [
    row('09/01/2018', '1', 1),
    row('08/01/2018', '10', 2),
    row('08/01/2018', 'A', 3),
    row('08/01/2018', '9', 5),
    row('08/01/2018', '9', 4),
  ];
  expect(rows.sort(compareRows).map(({ content }) => content)).toEqual([
    '2018-08-01 9 4',
    '2018-08-01 9 5',
    '2018-08-01 10 2',
    '2018-08-01 A 3',
    '2018-09-01 1 1',
  ]);
});
