/** As TypeORM would read them, but whole: days as `YYYY-MM-DD`, instants in microseconds, money as a number. */
const READ_AS: Readonly<Record<string, (column: string) => string>> = {
  timestamptz: (column) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
  date: (column) => `to_char(${column}, 'YYYY-MM-DD')`,
  // Rows hold safe integers only, and each of those is a double.
  bigint: (column) => `${column}::float8`,
};

/** `projectId` as `project_id`. */
const columnName = (field: string): string => field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The columns of a read model's table `alias`, each under its field's name, for statements that no repository can say. */
export function selectList(model: { readonly columns: object }, alias: string): string {
  return Object.entries(model.columns)
    .map(([field, type]: [string, unknown]) => {
      const column = `${alias}."${columnName(field)}"`;
      return `${READ_AS[String(type).replace('?', '')]?.(column) ?? column} as "${field}"`;
    })
    .join(', ');
}
