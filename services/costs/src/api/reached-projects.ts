import { isWholeCity } from '@tongchou/access';
import type { Place, Reach } from '@tongchou/access';
import { reachCondition } from '@tongchou/service-shell';
import type { Bind, ServiceParts } from '@tongchou/service-shell';
import { projectPlaces } from '../read-models/project-place.ts';

const COLUMNS = {
  projectId: 'place.project_id',
  department: 'place.department',
  districts: 'place.districts',
};

/**
 * Rows of projects that are reached, as conditions; `projectId` is the expression that names the project. One whose place has
 * not arrived yet is reached by who reaches the whole city alone.
 */
export function ofReachedProjects(reach: Reach, projectId: string, bind: Bind): readonly string[] {
  if (isWholeCity(reach)) return [];
  const within = [`place.project_id = ${projectId}`, ...reachCondition(reach, COLUMNS, bind)].join(' and ');
  return [`exists (select from rm.${projectPlaces.name} place where ${within})`];
}

/** The tables that `ofReachedProjects` reads beside `model`, to be waited for. */
export const modelsOf = (model: string, reach: Reach): readonly string[] =>
  isWholeCity(reach) ? [model] : [model, projectPlaces.name];

/** Where these projects stand, as far as costs has heard. */
export const placesOf: ServiceParts['placesOf'] = async (db, projectIds) => {
  const text = `select p.project_id as "projectId", p.department, p.districts from rm.${projectPlaces.name} p
    where p.project_id = any($1::uuid[])`;
  const rows = await db.query<Place[]>(text, [projectIds]);
  return new Map(rows.map((row) => [row.projectId, row]));
};
