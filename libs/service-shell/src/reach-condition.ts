import type { Reach } from '@tongchou/access';
import { isUuid } from '@tongchou/kernel';
import type { Bind } from './keyset.ts';

/** SQL expressions of a row's place: a uuid, a text that may be null, a `text[]`. */
export interface PlaceColumns {
  readonly projectId: string;
  readonly department: string;
  readonly districts: string;
}

/** A text that PostgreSQL cannot hold stands in no row. */
export const storable = (words: readonly string[]): string[] => words.filter((word) => !word.includes('\u0000'));

/**
 * What of rows a principal reaches, as conditions that a statement joins by `and`; none for the whole city. The same rule
 * as `reaches` of `@tongchou/access`: every list that is there must fit, words as they are written.
 */
export function reachCondition(reach: Reach, columns: PlaceColumns, bind: Bind): string[] {
  const { districts, departments, projects } = reach;
  return [
    ...(projects ? [`${columns.projectId} = any(${bind(projects.filter(isUuid))}::uuid[])`] : []),
    ...(departments ? [`${columns.department} = any(${bind(storable(departments))}::text[])`] : []),
    ...(districts ? [`${columns.districts} && ${bind(storable(districts))}::text[]`] : []),
  ];
}
