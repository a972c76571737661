import { createHash } from 'node:crypto';

/** Rows of a table, as JSON reads them, in any order. */
export type Rows = readonly Readonly<Record<string, unknown>>[];

const textOf = (row: Rows[number]): string =>
  JSON.stringify(Object.entries(row).toSorted(([one], [other]) => (one < other ? -1 : 1)));

const textsOf = (rows: Rows): string[] => rows.map(textOf).toSorted();

/** Equal for equal rows, in whatever order they come. */
export const hashOf = (rows: Rows): string => createHash('sha256').update(textsOf(rows).join('\n')).digest('hex');

const SHOWN = 3;

/** How a rebuilt table differs from what it must be; nothing = not at all. `than` names what it was compared with. */
export function judgeRebuilt(model: string, rebuilt: Rows, wanted: Rows, than: string): string[] {
  if (hashOf(rebuilt) === hashOf(wanted)) return [];
  const found = new Set(textsOf(rebuilt));
  const right = new Set(textsOf(wanted));
  const wrong = [...found].filter((row) => !right.has(row));
  const missing = [...right].filter((row) => !found.has(row));
  const some = [...wrong.map((row) => `has ${row}`), ...missing.map((row) => `lacks ${row}`)].slice(0, SHOWN);
  return [
    `${model}, rebuilt: ${wrong.length} rows are not as in ${than}, ${missing.length} rows are missing; ${some.join('; ')}`,
  ];
}
