import type { ProjectsFact } from '@tongchou/contracts';
import { parseId } from '@tongchou/kernel';
import type { Fact, Policy } from '@tongchou/kernel';
import type { CostSheetCommand, CostSheetEvent } from '../domain/cost-sheet.ts';

type Heard = Fact<ProjectsFact, 'projects'> | Fact<CostSheetEvent, 'costs'>;

/** A sheet opens when its project is registered and closes when it is cancelled: one policy, so that the order is kept. */
export const sheetFollowsProject: Policy<Heard, CostSheetCommand> = {
  name: 'sheet_follows_project',
  react: (fact) => (fact.source === 'projects' ? onProject(fact) : []),
};

function onProject({ event, streamId }: Fact<ProjectsFact, 'projects'>): readonly CostSheetCommand[] {
  if (event.type === 'ProjectRegistered') return [{ type: 'OpenCostSheet', projectId: event.projectId }];
  const projectId = parseId<'Project'>(streamId);
  if (event.type !== 'ProjectCancelled' || projectId === undefined) return [];
  return [{ type: 'CloseCostSheet', projectId, reason: event.reason }];
}
