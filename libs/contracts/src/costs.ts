import { cents, isoDate } from '@tongchou/kernel';
import { z } from 'zod';
import { contract } from './contract.ts';
import type { FactOf } from './contract.ts';
import { amount, day, projectId, words } from './fields.ts';
import { projectIdOf } from './natural-ids.ts';

const PROJECT = projectIdOf('nyc-capital-projects', '3');
const PERIOD = isoDate('2018-08-31');

const ofProject = { projectId };
const ofReport = { ...ofProject, period: day.describe('The reporting period'), amount };
const approved = {
  ...ofProject,
  amount: amount.describe('Ceiling of the total investment (批复概算), whole cents'),
  approval: words.describe("The approver's reference"),
};

/** What services/costs publishes. Each fact names its project; the stream is the project's cost sheet. */
export const costsContracts = {
  CostSheetOpened: contract('A registered work has a cost sheet.', z.object(ofProject), { projectId: PROJECT }),
  CostSheetClosed: contract(
    'A cost sheet takes no more facts.',
    z.object({ ...ofProject, reason: words.describe('Why') }),
    { projectId: PROJECT, reason: 'Merged with another work' },
  ),
  BudgetBaselineReported: contract('The first accepted budget is the baseline for ever.', z.object(ofReport), {
    projectId: PROJECT,
    period: PERIOD,
    amount: cents(18_298_096_000),
  }),
  BudgetRevised: contract(
    "A work's budget is another one than before.",
    z.object({ ...ofReport, from: amount.describe('The budget before, whole cents') }),
    { projectId: PROJECT, period: PERIOD, from: cents(18_298_096_000), amount: cents(16_875_176_900) },
  ),
  BudgetConfirmed: contract('The budget that stood is reported for a further period.', z.object(ofReport), {
    projectId: PROJECT,
    period: PERIOD,
    amount: cents(16_875_176_900),
  }),
  BudgetCorrectedLate: contract(
    'An earlier period had another budget than reported then; the budget of today stays.',
    z.object(ofReport),
    { projectId: PROJECT, period: PERIOD, amount: cents(18_300_000_000) },
  ),
  BudgetQuarantined: contract(
    'A budget is not plausible: it is kept, and the last one stays.',
    z.object({ ...ofReport, reason: z.enum(['NotPositive']) }),
    { projectId: PROJECT, period: PERIOD, amount: cents(0), reason: 'NotPositive' },
  ),
  CeilingSet: contract('The total investment has an approved ceiling.', z.object(approved), {
    projectId: PROJECT,
    amount: cents(20_000_000_000),
    approval: 'DRC-2018-117',
  }),
  CeilingRaised: contract(
    'The approver has raised the ceiling of the total investment.',
    z.object({ ...approved, from: amount.describe('The ceiling before, whole cents') }),
    { projectId: PROJECT, from: cents(20_000_000_000), amount: cents(22_000_000_000), approval: 'DRC-2019-004' },
  ),
  OverrunFlagged: contract(
    'The reported budget went above the approved ceiling; once a crossing.',
    z.object({
      ...ofProject,
      budget: amount,
      ceiling: amount,
      over: amount.describe('Budget less ceiling, whole cents'),
    }),
    { projectId: PROJECT, budget: cents(21_000_000_000), ceiling: cents(20_000_000_000), over: cents(1_000_000_000) },
  ),
};

/** A fact of services/costs in today's form. */
export type CostsFact = FactOf<typeof costsContracts>;
