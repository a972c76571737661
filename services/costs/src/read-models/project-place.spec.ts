import { describe, expect, it } from '@jest/globals';
import { projectIdOf, projectsContracts } from '@tongchou/contracts';
import type { ProjectsFact } from '@tongchou/contracts';
import { assertCommutes, factsOf, rowsOf } from '@tongchou/testing';
import { projectPlaces } from './project-place.ts';

const streamOf = (reference: string, ...events: ProjectsFact[]) =>
  factsOf({ source: 'projects', streamType: 'Project', streamId: projectIdOf('register', reference) }, events);

const registered: ProjectsFact = {
  type: 'ProjectRegistered',
  ...projectsContracts.ProjectRegistered.example,
  managingDepartment: 'DOT',
  districts: 'Bronx, Queens, Bronx',
};

const corrected = (details: Extract<ProjectsFact, { type: 'ProjectCorrected' }>['details']): ProjectsFact => ({
  type: 'ProjectCorrected',
  details,
  reason: 'typing error',
});

const projectId = projectIdOf('register', '1');
const placeAfter = (...events: ProjectsFact[]) => rowsOf(projectPlaces, streamOf('1', ...events));

describe('where a project stands', () => {
  it('is what its register wrote first, each district once', () => {
    expect(placeAfter(registered)).toEqual([{ projectId, department: 'DOT', districts: ['Bronx', 'Queens'] }]);
  });

  it('moves with corrections of its place alone', () => {
    const renamed = corrected({ name: 'A wide bridge' });
    expect(placeAfter(registered, renamed)).toEqual(placeAfter(registered));
    expect(placeAfter(registered, renamed, corrected({ districts: 'Queens' }))).toEqual([
      { projectId, department: 'DOT', districts: ['Queens'] },
    ]);
    expect(placeAfter(registered, corrected({ managingDepartment: '', districts: '' }))).toEqual([
      { projectId, department: null, districts: [] },
    ]);
  });

  it('follows from no other fact', () => {
    expect(placeAfter({ type: 'ProjectCancelled', reason: 'merged' })).toEqual([]);
    const ofCosts = factsOf({ source: 'costs', streamType: 'CostSheet', streamId: projectId }, [registered]);
    expect(rowsOf(projectPlaces, ofCosts)).toEqual([]);
  });

  it('comes out the same however streams interleave', () => {
    const moved = corrected({ districts: 'Queens' });
    assertCommutes(projectPlaces, [streamOf('1', registered, moved), streamOf('2', moved, registered)]);
  });
});
