import pg from 'pg';

/** OIDs of PostgreSQL's types. */
const BIGINT = 20;
const DATE = 1082;
const TIMESTAMPTZ = 1184;

const INSTANT = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?([+-]\d{2}(?::\d{2})?)$/;

/** An instant as PostgreSQL writes it, in RFC 3339, UTC, with its microseconds. Infinities and years beyond 9999 stay as they are. */
export function instantFromSql(text: string): string {
  const [, day, time, fraction = '', zone] = INSTANT.exec(text) ?? [];
  if (day === undefined || time === undefined || zone === undefined) return text;
  const micros = fraction.padEnd(6, '0');
  if (zone === '+00') return `${day}T${time}.${micros}Z`;
  const utc = new Date(`${day}T${time}${zone.includes(':') ? zone : `${zone}:00`}`).toISOString();
  return `${utc.slice(0, 19)}.${micros}Z`;
}

/**
 * How values come out of the store's pool: a day stays `YYYY-MM-DD` and an instant keeps its microseconds, where pg would make
 * a `Date` of the machine's time zone of both.
 */
export const SQL_TYPES: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === DATE || oid === BIGINT) return (text: string) => text;
    if (oid === TIMESTAMPTZ) return instantFromSql;
    return pg.types.getTypeParser(oid, format);
  },
};
