import { expect } from '@jest/globals';
import { projectIdOf } from '@tongchou/contracts';
import { cents, isoDate } from '@tongchou/kernel';
import { eventually } from '@tongchou/testing';
import type { standingProjects } from './standing.fixture.ts';

export const REGISTER = 'twins';
export const idOf = (reference: string) => projectIdOf(REGISTER, reference);

export type TwinCity = Awaited<ReturnType<typeof standingProjects>>;

/** A work and where it stands. */
export interface Twin {
  readonly reference: string;
  readonly department: string;
  readonly districts: string;
  /** Parts its figures from those of all others. */
  readonly nth: number;
}

const twin = (reference: string, department: string, districts: string, nth: number): Twin => ({
  reference,
  department,
  districts,
  nth,
});

/** Works of DOT in the Bronx, some of other districts too. */
export const HOME = [
  twin('home-1', 'DOT', 'Bronx', 1),
  twin('home-2', 'DOT', 'Bronx, Queens', 2),
  twin('home-3', 'DOT', 'Queens, Manhattan, Bronx', 3),
];

/** Their twins: of Parks, in Brooklyn; and works of nobody and of nowhere. */
export const ABROAD = [
  twin('away-1', 'Parks', 'Brooklyn', 11),
  twin('away-2', 'Parks', 'Brooklyn, Queens', 12),
  twin('away-3', 'Parks', 'Queens, Manhattan, Brooklyn', 13),
  twin('nobodys', '', 'Brooklyn', 14),
  twin('nowhere', 'Parks', '', 15),
];

const period = isoDate('2018-06-01');

/** One command of every kind that leaves a fact, and a fact of every kind that costs tells of. */
export async function settle(city: TwinCity, twins: readonly Twin[]): Promise<void> {
  const commands = twins.flatMap(({ reference, department, districts, nth }) => {
    const projectId = idOf(reference);
    const report = (more: object) => ({ command: 'ReportProgress', input: { projectId, period, ...more } });
    return [
      {
        command: 'RegisterProject',
        input: {
          register: REGISTER,
          reference,
          name: 'A bridge like any other',
          description: `What ${reference} is`,
          projectType: 'Bridges, Streets',
          managingDepartment: department,
          clientDepartment: department,
          districts,
          registeredOn: '2018-01-01',
        },
      },
      report({ finish: '2020-01-01', phase: { word: `Phase ${nth}`, phase: 'UnderConstruction' } }),
      report({ finish: '2020-03-01', period: '2018-07-01', percentComplete: nth, designStart: '2017-01-01' }),
      {
        command: 'CorrectProject',
        input: { projectId, details: { name: `Bridge ${reference}` }, reason: 'typing error' },
      },
    ];
  });
  const verdicts = await city.send(commands);
  expect(verdicts.filter(({ status }) => status !== 'accepted')).toEqual([]);
  for (const { reference, nth } of twins) {
    const projectId = idOf(reference);
    const [amount, more] = [cents(100_000 * nth + 1), cents(100_000 * nth + 10_002)];
    await city.publish(projectId, [
      { type: 'CostSheetOpened', projectId },
      { type: 'BudgetBaselineReported', projectId, period, amount },
      { type: 'BudgetRevised', projectId, period, from: amount, amount: more },
      { type: 'CeilingSet', projectId, amount: more, approval: `Approval ${reference}` },
    ]);
  }
  await folded(city, twins);
}

/** Waits until what was settled can be read by somebody who reads the whole city. */
async function folded(city: TwinCity, twins: readonly Twin[]): Promise<void> {
  const them = twins.map(({ reference }) => ({ __typename: 'Project', id: idOf(reference) }));
  const query = `query ($them: [_Any!]!) { _entities(representations: $them) { ... on Project {
    name work { ceiling } history { totalCount } } } }`;
  await eventually('the twins have been folded', async () => {
    const { data } = await city.ask<{ _entities: ({ name: string; history: { totalCount: number } } | null)[] }>(
      query,
      {
        them,
      },
    );
    return data['_entities'].every((one) => one?.name.startsWith('Bridge ') && one.history.totalCount === FACTS);
  });
}

/** Of one work: registered, phase, baseline, start of design, slip, share, corrected; and four of costs. */
const FACTS = 11;
