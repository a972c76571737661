import type { Place } from '@tongchou/access';
import type { ServiceParts } from '@tongchou/service-shell';

/** Where these projects stand, as the one table says. */
export const placesOf: ServiceParts['placesOf'] = async (db, projectIds) => {
  const text = `select w.project_id as "projectId", w.department, w.districts from rm.works w
    where w.registered and w.project_id = any($1::uuid[])`;
  const rows = await db.query<Place[]>(text, [projectIds]);
  return new Map(rows.map((row) => [row.projectId, row]));
};
