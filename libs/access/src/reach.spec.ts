import { describe, expect, it } from '@jest/globals';
import type { Principal } from './principal.ts';
import { isWholeCity, reaches, reachOf, type Place } from './reach.ts';

const place = (given: Partial<Place> = {}): Place => ({
  projectId: 'p1',
  department: 'Roads',
  districts: ['Bronx'],
  ...given,
});

const of = (given: Partial<Principal>): Principal => ({ subject: 'li', roles: [], ...given });

describe('what a principal reaches', () => {
  it('is the whole city where nothing narrows it', () => {
    expect(isWholeCity(reachOf(of({}), 'director'))).toBe(true);
    expect(reaches(reachOf(of({}), 'auditor'), place({ department: null, districts: [] }))).toBe(true);
  });

  it('is a district: also a work of several, never one of none', () => {
    const reach = reachOf(of({ districts: ['Bronx'] }), 'inspector');
    expect(reaches(reach, place())).toBe(true);
    expect(reaches(reach, place({ districts: ['Queens', 'Bronx'] }))).toBe(true);
    expect(reaches(reach, place({ districts: ['Queens'] }))).toBe(false);
    expect(reaches(reach, place({ districts: [] }))).toBe(false);
  });

  it('takes words as they are written', () => {
    for (const spelt of ['bronx', 'BRONX', ' Bronx', 'Bronx ', 'Bronx, Queens']) {
      expect(reaches(reachOf(of({ districts: [spelt] }), 'inspector'), place())).toBe(false);
    }
  });

  it('is what fits every list that is given', () => {
    const reach = reachOf(of({ districts: ['Bronx'], departments: ['Roads'] }), 'department-lead');
    expect(reaches(reach, place())).toBe(true);
    expect(reaches(reach, place({ department: 'Parks' }))).toBe(false);
    expect(reaches(reach, place({ department: null }))).toBe(false);
    expect(reaches(reach, place({ districts: ['Queens'] }))).toBe(false);
  });

  it('is nothing for who answers for a part and names none, and for an empty list', () => {
    expect(reaches(reachOf(of({}), 'department-lead'), place())).toBe(false);
    expect(reaches(reachOf(of({ districts: ['Bronx'] }), 'department-lead'), place())).toBe(false);
    expect(reaches(reachOf(of({}), 'project-manager'), place())).toBe(false);
    expect(reaches(reachOf(of({ departments: [] }), 'integrator'), place())).toBe(false);
    expect(reaches(reachOf(of({ districts: [] }), 'director'), place())).toBe(false);
  });

  it("is a project manager's projects, or a department's where the token names that", () => {
    expect(reaches(reachOf(of({ projects: ['p1'] }), 'project-manager'), place())).toBe(true);
    expect(reaches(reachOf(of({ projects: ['p2'] }), 'project-manager'), place())).toBe(false);
    expect(reaches(reachOf(of({ departments: ['Roads'] }), 'project-manager'), place())).toBe(true);
  });
});
