import { expect, it } from '@jest/globals';
import { promisesFile } from './report.ts';
import type { TurnResult } from './run-trial.ts';
import type { Trial } from './trial.ts';
import { turnsOf } from './turns.ts';

const trial = (id: string, rest: Partial<Trial> = {}): Trial => ({
  id,
  says: `${id} holds`,
  bus: true,
  run: () => Promise.reject(new Error('it is not run here')),
  ...rest,
});

const result = (of: Trial, lost: number): TurnResult => ({
  trial: of,
  bus: 'kafka',
  seed: 7,
  verdict: lost > 0 ? 'BROKEN' : 'held',
  outcome: { figures: { lost }, violations: [], control: { what: 'a naive one', violations: ['it lost 3'] } },
  faults: { kills: 50 },
  reasons: lost > 0 ? [`${lost} were lost`] : [],
  seconds: 12,
});

const at = { date: '2026-11-25', full: true };

it('takes the place of what was run before, bus by bus, and leaves the other rows', () => {
  const first = promisesFile([result(trial('P3'), 0), result(trial('P10'), 0)], at, '');
  const second = promisesFile([result(trial('P1'), 2), result(trial('P3'), 4)], at, first);
  expect(second.match(/^\| P\d+/gm)).toEqual(['| P1', '| P3', '| P10']);
  expect(second).toContain(
    '| P3: P3 holds | lost 4 | kills 50 | a naive one: found out (1) | BROKEN: 4 were lost | seed 7, full',
  );
  expect(second.match(/lost 0/g)).toHaveLength(1);
  const once = promisesFile([{ ...result(trial('P18', { bus: false }), 0) }], at, second);
  expect(once.match(/^## .*/gm)).toEqual(['## Kafka', '## Whatever the bus']);
});

it('runs what does not concern the bus once, and what is slow with one seed, another one each time', () => {
  const trials = [trial('P1', { slow: true }), trial('P2', { bus: false }), trial('P3', { slow: true })];
  const turns = turnsOf(trials, { buses: ['postgres', 'kafka'], full: false });
  expect(turns.map(({ trial: { id }, bus, seed }) => `${id} ${bus} ${seed}`)).toEqual([
    ...['P1 postgres 1', 'P2 postgres 1', 'P2 postgres 2', 'P2 postgres 3', 'P3 postgres 3'],
    ...['P1 kafka 2', 'P3 kafka 1'],
  ]);
  expect(turnsOf(trials, { buses: ['kafka'], full: true, seed: 9 }).map(({ seed }) => seed)).toEqual([9, 9, 9]);
});
