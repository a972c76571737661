import { expect } from '@jest/globals';
import { projectIdOf } from '@tongchou/contracts';
import { cents, isoDate } from '@tongchou/kernel';
import { eventually } from '@tongchou/testing';
import { standingProjects } from './standing.fixture.ts';

export const REGISTER = 'works-register';
export const idOf = (reference: number) => projectIdOf(REGISTER, String(reference));
const period = isoDate('2018-06-01');

/** Twelve works: each with a name, every other figure is missing somewhere. */
export const WORKS = Array.from({ length: 12 }, (_, index) => index + 1);
const DISTRICTS = ['Bronx', 'Bronx, Queens', 'Bronx, Queens, Manhatten', ''];

const registered = (reference: number) => ({
  command: 'RegisterProject',
  input: {
    register: REGISTER,
    reference: String(reference),
    name: `Work ${reference % 5} of 100%_`,
    projectType: 'Bridges, Streets and Roadways',
    managingDepartment: reference % 3 === 0 ? '' : 'DOT',
    districts: DISTRICTS[reference % DISTRICTS.length],
    registeredOn: '2018-01-01',
  },
});

const report = (reference: number, more: object) => ({
  command: 'ReportProgress',
  input: { projectId: idOf(reference), period, ...more },
});

const finished = (reference: number) => [
  report(reference, { finish: '2020-01-01', phase: { word: 'Construction', phase: 'UnderConstruction' } }),
  report(reference, { finish: reference % 2 === 0 ? '2020-03-01' : '2019-12-31', period: '2018-07-01' }),
];

export type SampleCity = Awaited<ReturnType<typeof standingProjects>>;

/** A standing service that has folded the sample's 39 own facts and the 33 that costs published. */
export async function sampleCity(): Promise<SampleCity> {
  const city = await standingProjects({ districts: ['Bronx', 'Queens', 'Manhattan'] });
  const commands = WORKS.flatMap((work) => [registered(work), ...(work % 4 === 3 ? [] : finished(work))]);
  const verdicts = await city.send(commands);
  expect(verdicts.filter(({ status }) => status !== 'accepted')).toEqual([]);
  for (const work of WORKS.filter((one) => one !== 12)) {
    const projectId = idOf(work);
    await city.publish(projectId, [
      { type: 'CostSheetOpened', projectId },
      { type: 'BudgetBaselineReported', projectId, period, amount: cents(1_000 * work + 1) },
      { type: 'BudgetRevised', projectId, period, from: cents(1_000 * work + 1), amount: cents(1_040 * work + 2) },
    ]);
  }
  await eventually('all facts have been folded', async () => {
    const query = '{ cityOverview { facts { facts } } }';
    const { data } = await city.ask<{ cityOverview: { facts: { facts: number }[] } }>(query);
    return data.cityOverview.facts.reduce((sum, { facts }) => sum + facts, 0) === 72;
  });
  return city;
}
