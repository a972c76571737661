import { isWholeCity } from '@tongchou/access';
import type { Place, Reach } from '@tongchou/access';
import { reachCondition } from '@tongchou/service-shell';
import type { Bind, ServiceParts } from '@tongchou/service-shell';
import { works } from '../read-models/works.ts';

/** What of a row `w` of works decides who reaches it. */
const COLUMNS = { projectId: 'w.project_id', department: 'w.department', districts: 'w.districts' };

/** Registered works that are reached, as conditions over rows `w` of works. Every statement over works has them. */
export const reachedWorks = (reach: Reach, bind: Bind): readonly string[] => [
  'w.registered',
  ...reachCondition(reach, COLUMNS, bind),
];

/** The same, of one register. No work has a null register. */
export const reachedOfRegister = (register: string | null, reach: Reach, bind: Bind): string =>
  [...reachedWorks(reach, bind), `w.register = ${bind(register)}`].join(' and ');

/** Rows that belong to a work that is reached, as conditions; `projectId` is the expression that names the work. */
export function ofReachedWorks(reach: Reach, projectId: string, bind: Bind): readonly string[] {
  if (isWholeCity(reach)) return [];
  return [
    `exists (select from rm.works w where w.project_id = ${projectId} and ${reachedWorks(reach, bind).join(' and ')})`,
  ];
}

/** The tables that `ofReachedWorks` reads beside `model`, to be waited for. */
export const modelsOf = (model: string, reach: Reach): readonly string[] =>
  isWholeCity(reach) ? [model] : [model, works.name];

/** Where these projects stand, as the one table says. */
export const placesOf: ServiceParts['placesOf'] = async (db, projectIds) => {
  const text = `select w.project_id as "projectId", w.department, w.districts from rm.works w
    where w.registered and w.project_id = any($1::uuid[])`;
  const rows = await db.query<Place[]>(text, [projectIds]);
  return new Map(rows.map((row) => [row.projectId, row]));
};
