import { isoDate } from '@tongchou/kernel';
import { z } from 'zod';
import { contract } from './contract.ts';
import type { FactOf } from './contract.ts';
import { day, projectId, words } from './fields.ts';
import { projectIdOf } from './natural-ids.ts';

/** The life of a work. `Other` is a reported phase without a counterpart. */
export const PUBLIC_PHASES = [
  'Reserved',
  'Screening',
  'Deferred',
  'Approved',
  'Designing',
  'Procuring',
  'Permitted',
  'UnderConstruction',
  'Suspended',
  'SubstantiallyComplete',
  'Accepted',
  'FinalAccounted',
  'HandedOver',
  'Operating',
  'Closed',
  'Cancelled',
  'Other',
] as const;

/** Why a finish moved. */
export const PUBLIC_DELAY_REASONS = [
  'UnforeseenSiteCondition',
  'ScopeOrDesignChange',
  'PermitPending',
  'Funding',
  'Legal',
  'Procurement',
  'Weather',
  'Contractor',
  'UtilityRelocation',
  'Other',
] as const;

const phase = z.enum(PUBLIC_PHASES);
const reportedPhase = z.enum(PUBLIC_PHASES).exclude(['Cancelled']);
const word = words.describe("The register's own word");
const percent = z.number().min(0).max(100).describe('Completed share, cumulative');
const delayReason = z.enum(PUBLIC_DELAY_REASONS);
const finish = day.describe('The finish now forecast');
const designStart = day.describe('When design started');

const details = {
  name: words,
  description: words.describe('Empty where the register gives none'),
  projectType: words.describe("The register's categories, parted by `, `"),
  managingDepartment: words,
  clientDepartment: words,
  districts: words.describe('As the register writes them, parted by `, `'),
};

const corrections = {
  name: z.exactOptional(details.name),
  description: z.exactOptional(details.description),
  projectType: z.exactOptional(details.projectType),
  managingDepartment: z.exactOptional(details.managingDepartment),
  clientDepartment: z.exactOptional(details.clientDepartment),
  districts: z.exactOptional(details.districts),
};

const restated = z
  .object({
    phase: z.exactOptional(words),
    finish: z.exactOptional(day),
    designStart: z.exactOptional(day),
    percentComplete: z.exactOptional(z.number()),
  })
  .describe('Values that this report gave again although they stood already');

const PERIOD = isoDate('2018-08-31');

/** What each fact carries that a report brought: its period is when the work was last heard of. */
const ofReport = { period: day.describe('The reporting period'), restated: z.exactOptional(restated) };

/** What services/projects publishes. The stream of each is the project's, so that its id is `projectId`. */
export const projectsContracts = {
  ProjectRegistered: contract(
    'A register names a work for the first time.',
    z.object({
      projectId,
      register: words.describe('The register that keeps the work'),
      reference: words.describe("The register's own key of the work"),
      ...details,
      registeredOn: day.describe('The period that first names the work'),
    }),
    {
      projectId: projectIdOf('nyc-capital-projects', '3'),
      register: 'nyc-capital-projects',
      reference: '3',
      name: '26th Ward Waste Water Treatment Plant Preliminary Treatment Improvements',
      description: 'The plant is to be upgraded with preliminary treatment reliability improvements.',
      projectType: 'Wastewater Treatment',
      managingDepartment: 'DEP',
      clientDepartment: 'DEP',
      districts: 'Brooklyn',
      registeredOn: isoDate('2014-05-01'),
    },
  ),
  ProjectCodeAssigned: contract('A work has its project code (项目代码), unique for life.', z.object({ code: words }), {
    code: '2018-310105-48-01-100237',
  }),
  ProjectCorrected: contract(
    'What is said of a work was wrong and is put right; only what changed is given.',
    z.object({ details: z.object(corrections), reason: words }),
    { details: { districts: 'Manhattan' }, reason: 'Manhatten was a typing error' },
  ),
  ProjectCancelled: contract('A work will not be built; it stays visible.', z.object({ reason: words }), {
    reason: 'Merged with another work',
  }),
  PhaseReported: contract(
    "A work's phase is reported for the first time.",
    z.object({ ...ofReport, word, phase: reportedPhase }),
    { period: PERIOD, word: 'Design', phase: 'Designing' },
  ),
  PhaseChanged: contract(
    "A work's phase is another one than before.",
    z.object({
      ...ofReport,
      from: phase,
      fromWord: word,
      to: reportedPhase,
      word,
      backward: z.boolean().describe('Whether this is a step back'),
    }),
    {
      period: PERIOD,
      from: 'Designing',
      fromWord: 'Design',
      to: 'Procuring',
      word: 'Construction Procurement',
      backward: false,
    },
  ),
  PhaseCorrectedLate: contract(
    'An earlier period had another phase than reported then; the phase of today stays.',
    z.object({ ...ofReport, word, phase: reportedPhase }),
    { period: PERIOD, word: 'Design', phase: 'Designing' },
  ),
  BaselineFinishSet: contract(
    'The first accepted forecast of a finish is the baseline for ever.',
    z.object({ ...ofReport, finish }),
    { period: PERIOD, finish: isoDate('2020-01-14') },
  ),
  FinishForecastRevised: contract(
    'A work is now expected to finish on another day.',
    z.object({
      ...ofReport,
      from: day.describe('The forecast before'),
      finish,
      slipDays: z.int().describe('Days from the forecast before; negative when the finish comes earlier'),
      reason: z.exactOptional(delayReason),
    }),
    {
      period: PERIOD,
      from: isoDate('2020-01-14'),
      finish: isoDate('2020-07-19'),
      slipDays: 187,
      reason: 'Procurement',
    },
  ),
  FinishForecastCorrectedLate: contract(
    'An earlier period had another forecast than reported then; the forecast of today stays.',
    z.object({ ...ofReport, finish, reason: z.exactOptional(delayReason) }),
    { period: PERIOD, finish: isoDate('2020-02-01') },
  ),
  FinishForecastQuarantined: contract(
    'A forecast is not plausible: it is kept, and the last one stays.',
    z.object({
      ...ofReport,
      finish,
      reason: z.enum(['MoreThan30YearsAfterPeriod', 'MoreThan20YearsFromLastForecast']),
    }),
    { period: PERIOD, finish: isoDate('2108-06-30'), reason: 'MoreThan30YearsAfterPeriod' },
  ),
  DesignStartReported: contract(
    'The day on which design started is reported for the first time.',
    z.object({ ...ofReport, designStart }),
    { period: PERIOD, designStart: isoDate('2013-09-23') },
  ),
  DesignStartCorrected: contract(
    'Design started on another day than reported before.',
    z.object({ ...ofReport, from: day, designStart }),
    { period: PERIOD, from: isoDate('2013-09-23'), designStart: isoDate('2013-10-01') },
  ),
  DesignStartCorrectedLate: contract(
    'An earlier period had another start of design than reported then; the one of today stays.',
    z.object({ ...ofReport, designStart }),
    { period: PERIOD, designStart: isoDate('2013-10-01') },
  ),
  ProgressRecorded: contract(
    'The completed share of a work has grown.',
    z.object({ ...ofReport, percentComplete: percent }),
    { period: PERIOD, percentComplete: 42.5 },
  ),
  ProgressCorrected: contract(
    'The completed share of a work falls, with the reason why.',
    z.object({ ...ofReport, from: percent, percentComplete: percent, correction: words }),
    { period: PERIOD, from: 42.5, percentComplete: 40, correction: 'Measured again' },
  ),
  ProgressCorrectedLate: contract(
    'An earlier period had another completed share than reported then; the one of today stays.',
    z.object({ ...ofReport, percentComplete: percent }),
    { period: PERIOD, percentComplete: 30 },
  ),
  StatusConfirmed: contract('A report brought nothing else new: the work was heard of.', z.object({ ...ofReport }), {
    period: PERIOD,
  }),
};

/** A fact of services/projects in today's form. */
export type ProjectsFact = FactOf<typeof projectsContracts>;
