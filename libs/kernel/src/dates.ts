declare const isoDateBrand: unique symbol;

/** A calendar day, `YYYY-MM-DD`, in the proleptic Gregorian calendar, years 1 to 9999. */
export type IsoDate = string & { readonly [isoDateBrand]: true };

const DAY_MS = 86_400_000;
const FORM = /^\d{4}-\d{2}-\d{2}$/;
const DAYS_OF_MONTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const FEBRUARY = 2;

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

const daysOf = (year: number, month: number): number =>
  (DAYS_OF_MONTHS[month - 1] ?? 0) + (month === FEBRUARY && isLeap(year) ? 1 : 0);

/** The day that `text` names, or `undefined` when there is no such day. */
export function parseIsoDate(text: string): IsoDate | undefined {
  if (!FORM.test(text)) return undefined;
  const [year, month, day] = [Number(text.slice(0, 4)), Number(text.slice(5, 7)), Number(text.slice(8))];
  return year >= 1 && day >= 1 && day <= daysOf(year, month) ? (text as IsoDate) : undefined;
}

/** For days that are known to be right; a programmer's error otherwise. */
export function isoDate(text: string): IsoDate {
  const parsed = parseIsoDate(text);
  if (parsed === undefined) throw new RangeError(`Not a day of the form YYYY-MM-DD: ${text}`);
  return parsed;
}

const toUtc = (day: IsoDate): number => Date.parse(`${day}T00:00:00Z`);

const fromUtc = (ms: number): IsoDate => isoDate(new Date(ms).toISOString().slice(0, 10));

export const yearOf = (day: IsoDate): number => Number(day.slice(0, 4));

/** Whole days from `from` to `to`; negative when `to` is earlier. */
export function daysBetween(from: IsoDate, to: IsoDate): number {
  return (toUtc(to) - toUtc(from)) / DAY_MS;
}

export function addDays(day: IsoDate, days: number): IsoDate {
  return fromUtc(toUtc(day) + days * DAY_MS);
}

/** The same day of another year, held within years 1 to 9999; 29 February becomes 28 where that year has none. */
export function addYears(day: IsoDate, years: number): IsoDate {
  const year = Math.min(9999, Math.max(1, yearOf(day) + years));
  const moved = `${String(year).padStart(4, '0')}${day.slice(4)}`;
  return parseIsoDate(moved) ?? isoDate(`${moved.slice(0, 8)}28`);
}
