import type { Place } from '@tongchou/access';
import type { ServiceParts } from '@tongchou/service-shell';
import { projectPlaces } from '../read-models/project-place.ts';

/** Where these projects stand, as far as costs has heard. */
export const placesOf: ServiceParts['placesOf'] = async (db, projectIds) => {
  const text = `select p.project_id as "projectId", p.department, p.districts from rm.${projectPlaces.name} p
    where p.project_id = any($1::uuid[])`;
  const rows = await db.query<Place[]>(text, [projectIds]);
  return new Map(rows.map((row) => [row.projectId, row]));
};
