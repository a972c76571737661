import type { Principal } from './principal.ts';
import type { Role } from './role.ts';

/** What of a work decides who reaches it. */
export interface Place {
  readonly projectId: string;
  readonly department: string | null;
  readonly districts: readonly string[];
}

/** Which works a principal reaches: those that fit every list that is there. No list = the whole city. */
export interface Reach {
  readonly districts?: readonly string[];
  readonly departments?: readonly string[];
  readonly projects?: readonly string[];
}

/** A role that answers for a part of the city only; a token of it that names no part reaches nothing. */
const ANSWERS_FOR: Readonly<Partial<Record<Role, keyof Reach>>> = {
  'department-lead': 'departments',
  'project-manager': 'projects',
};

const NOTHING: Reach = { projects: [] };

/** What `principal` reaches while acting as `role`. */
export function reachOf(principal: Principal, role: Role): Reach {
  const { districts, departments, projects } = principal;
  const part = ANSWERS_FOR[role];
  if (part !== undefined && principal[part] === undefined && (part !== 'projects' || !departments)) return NOTHING;
  return {
    ...(districts && { districts }),
    ...(departments && { departments }),
    ...(projects && { projects }),
  };
}

export const isWholeCity = ({ districts, departments, projects }: Reach): boolean =>
  districts === undefined && departments === undefined && projects === undefined;

/** Words are compared as they are written: another spelling is another place. */
export const reaches = ({ districts, departments, projects }: Reach, place: Place): boolean =>
  (projects === undefined || projects.includes(place.projectId)) &&
  (departments === undefined || (place.department !== null && departments.includes(place.department))) &&
  (districts === undefined || place.districts.some((district) => districts.includes(district)));
