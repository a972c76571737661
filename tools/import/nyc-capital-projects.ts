import { projectIdOf, TEXT_LIMITS } from '@tongchou/contracts';
import type { IsoDate } from '@tongchou/kernel';
import { AMERICAN_DAY, CellReader, fault } from './cells.ts';
import { type CellFault, commandFor, type ImportCommand, type Profile, type Understood } from './profile.ts';

/** What one row says of a work in its period; what is empty was not reported. */
interface Report {
  readonly name: string;
  readonly description: string;
  readonly category: string;
  readonly borough: string;
  readonly managingAgency: string;
  readonly clientAgency: string;
  readonly phase: string;
  readonly designStart?: IsoDate;
  readonly budget?: string;
  readonly completion?: IsoDate;
}

const REGISTER = 'nyc-capital-projects';

/** New York's words for a phase; any other word stays itself and means `Other`. */
const PHASES: Readonly<Record<string, string>> = {
  'Scoping/Planning': 'Screening',
  Design: 'Designing',
  'Construction Procurement': 'Procuring',
  Construction: 'UnderConstruction',
  'Close-Out': 'SubstantiallyComplete',
};

const phaseOf = (word: string): { word: string; phase: string } => ({
  word,
  phase: (Object.hasOwn(PHASES, word) ? PHASES[word] : undefined) ?? 'Other',
});

function read(cell: (column: string) => string): Understood<Report> | CellFault {
  const cells = new CellReader(cell);
  const period = cells.neededDay('Date Reported As Of');
  const reference = cells.needed('PID', TEXT_LIMITS.reference);
  const designStart = cells.day('Design Start');
  const budget = cells.money('Budget Forecast');
  const completion = cells.day('Forecast Completion');
  const content: Report = {
    name: cells.needed('Project Name', TEXT_LIMITS.name),
    description: cells.text('Description', TEXT_LIMITS.description),
    category: cells.text('Category', TEXT_LIMITS.projectType),
    borough: cells.text('Borough', TEXT_LIMITS.districts),
    managingAgency: cells.text('Managing Agency', TEXT_LIMITS.department),
    clientAgency: cells.text('Client Agency', TEXT_LIMITS.department),
    phase: cells.text('Current Phase', TEXT_LIMITS.phaseWord),
    ...(designStart !== undefined && { designStart }),
    ...(budget !== undefined && { budget }),
    ...(completion !== undefined && { completion }),
  };
  if (cells.fault) return cells.fault;
  return period === undefined ? fault('Date Reported As Of', '', AMERICAN_DAY) : { period, reference, content };
}

function registration({ period, reference, content }: Understood<Report>): ImportCommand {
  return commandFor('projects', 'RegisterProject', {
    register: REGISTER,
    reference,
    name: content.name,
    description: content.description,
    projectType: content.category,
    managingDepartment: content.managingAgency,
    clientDepartment: content.clientAgency,
    districts: content.borough,
    registeredOn: period,
  });
}

function report({ period, reference, content }: Understood<Report>): ImportCommand {
  return commandFor('projects', 'ReportProgress', {
    projectId: projectIdOf(REGISTER, reference),
    period,
    ...(content.phase !== '' && { phase: phaseOf(content.phase) }),
    ...(content.completion !== undefined && { finish: content.completion }),
    ...(content.designStart !== undefined && { designStart: content.designStart }),
  });
}

function budget({ period, reference, content }: Understood<Report>): ImportCommand[] {
  if (content.budget === undefined) return [];
  const projectId = projectIdOf(REGISTER, reference);
  return [commandFor('costs', 'ReportBudget', { projectId, period, amount: content.budget })];
}

/** NYC Open Data "Capital Projects" (n7gv-k5yt): works of 25 million and more, a row a work and reporting period. */
export const nycCapitalProjects: Profile<Report> = {
  name: REGISTER,
  about: "New York's register of capital works of 25 million and more, a row a work and reporting period, in USD",
  currency: 'USD',
  columns: [
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
    'Forecast Completion',
  ],
  read,
  commands: (row, firstMet) => [...(firstMet ? [registration(row)] : []), report(row), ...budget(row)],
};
