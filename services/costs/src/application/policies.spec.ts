import { describe, expect, it } from '@jest/globals';
import { contractsOf, projectIdOf, projectsContracts } from '@tongchou/contracts';
import type { ProjectsFact } from '@tongchou/contracts';
import type { Fact } from '@tongchou/kernel';
import { sheetFollowsProject } from './policies.ts';

const projectId = projectIdOf('nyc-capital-projects', '3');

const heard = (event: ProjectsFact): Fact<ProjectsFact, 'projects'> => ({
  source: 'projects',
  streamId: projectId,
  streamType: 'Project',
  version: 1,
  eventId: '01980000-0000-7000-8000-000000000001',
  recordedAt: '2018-08-31T00:00:00.000000Z',
  metadata: { correlationId: 'c', causationId: 'c', commandId: 'c', actor: { subject: 'demo' } },
  event,
});

describe('a sheet follows its project', () => {
  it('opens when the project is registered', () => {
    const registered = { type: 'ProjectRegistered', ...projectsContracts.ProjectRegistered.example } as const;
    expect(sheetFollowsProject.react(heard(registered))).toEqual([{ type: 'OpenCostSheet', projectId }]);
  });

  it('closes when the project is cancelled, with its reason', () => {
    const cancelled = { type: 'ProjectCancelled', reason: 'Merged into 4' } as const;
    expect(sheetFollowsProject.react(heard(cancelled))).toEqual([
      { type: 'CloseCostSheet', projectId, reason: 'Merged into 4' },
    ]);
  });

  it('hears nothing else', () => {
    const others = Object.entries(contractsOf('projects'))
      .filter(([type]) => type !== 'ProjectRegistered' && type !== 'ProjectCancelled')
      .map(([type, { example }]) => ({ ...example, type }) as ProjectsFact);
    expect(others.flatMap((event) => sheetFollowsProject.react(heard(event)))).toEqual([]);
    const own = { ...heard(others[0] ?? { type: 'StatusConfirmed', ...projectsContracts.StatusConfirmed.example }) };
    expect(
      sheetFollowsProject.react({ ...own, source: 'costs', event: { type: 'CostSheetOpened', projectId } }),
    ).toEqual([]);
  });
});
