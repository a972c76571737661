import { writtenPlace } from '@tongchou/contracts';
import type { ProjectsFact, WrittenPlace } from '@tongchou/contracts';
import type { Fact, ReadModel } from '@tongchou/kernel';
import type { OwnFact } from './cost-sheets.ts';

/** Where a project stands, as projects published it: who reaches it follows from this. */
export interface ProjectPlaceRow extends WrittenPlace {
  readonly projectId: string;
}

type Heard = Fact<ProjectsFact, 'projects'> | OwnFact;

/** As much of a place as a fact says; `undefined` where it says nothing of it. */
function saidBy(fact: Heard): Partial<WrittenPlace> | undefined {
  if (fact.source !== 'projects') return undefined;
  const { event } = fact;
  if (event.type === 'ProjectRegistered') return writtenPlace(event);
  const corrected = event.type === 'ProjectCorrected' ? writtenPlace(event.details) : {};
  return Object.keys(corrected).length > 0 ? corrected : undefined;
}

/** Department and districts of every project that was registered, corrections in. */
export const projectPlaces: ReadModel<ProjectPlaceRow, Heard, 'projectId'> = {
  name: 'project_place',
  version: 1,
  columns: { projectId: 'uuid', department: 'text?', districts: 'text[]' },
  primaryKey: ['projectId'],
  // A fact of projects stands in the project's own stream.
  key: (fact) => (saidBy(fact) ? { projectId: fact.streamId } : undefined),
  fold: (row, fact) => ({ department: null, districts: [], ...row, ...saidBy(fact), projectId: fact.streamId }),
};
