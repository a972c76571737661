import { type IsoDate, parseIsoDate, parseMoney } from '@tongchou/kernel';
import type { CellFault } from './profile.ts';

const SHOWN = 80;

const AMERICAN = /^(\d{2})\/(\d{2})\/(\d{4})(?: 12:00:00 AM)?$/;

/** A day of the form MM/DD/YYYY, with or without midnight behind it. */
export function readAmericanDay(text: string): IsoDate | undefined {
  const [, month, day, year] = AMERICAN.exec(text) ?? [];
  return year === undefined ? undefined : parseIsoDate(`${year}-${month}-${day}`);
}

export const AMERICAN_DAY = 'a day as MM/DD/YYYY (month first), for example 08/31/2018';
export const MONEY = 'digits, a point and at most two places, for example 182980960.50; no commas, no currency sign';

/** A fault with the value cut to what a person can read. */
export function fault(column: string, value: string, allowed: string): CellFault {
  return { column, value: value.length > SHOWN ? `${value.slice(0, SHOWN)}...` : value, allowed };
}

/** Reads cells one by one and remembers the first that cannot be taken. */
export class CellReader {
  readonly #cell: (column: string) => string;
  #fault: CellFault | undefined;

  constructor(cell: (column: string) => string) {
    this.#cell = (column) => cell(column).trim();
  }

  get fault(): CellFault | undefined {
    return this.#fault;
  }

  /** A text of at most so many characters; more would be refused behind the door, when half of the row is in. */
  text(column: string, most: number): string {
    const text = this.#cell(column);
    if (text.includes('\0')) this.#note(column, text.replaceAll('\0', '\\0'), 'text without NUL characters');
    if (text.length > most) this.#note(column, text, `at most ${most} characters`);
    return text;
  }

  needed(column: string, most: number): string {
    const text = this.text(column, most);
    if (text === '') this.#note(column, text, 'a value; it names the row');
    return text;
  }

  /** A day; `undefined` when the cell is empty. */
  day(column: string): IsoDate | undefined {
    const text = this.#cell(column);
    if (text === '') return undefined;
    const day = readAmericanDay(text);
    if (day === undefined) this.#note(column, text, AMERICAN_DAY);
    return day;
  }

  neededDay(column: string): IsoDate | undefined {
    const day = this.day(column);
    if (day === undefined) this.#note(column, this.#cell(column), AMERICAN_DAY);
    return day;
  }

  /** Money as the text that it came as; `undefined` when the cell is empty. */
  money(column: string): string | undefined {
    const text = this.#cell(column);
    if (text === '') return undefined;
    if (parseMoney(text) === undefined) this.#note(column, text, MONEY);
    return text;
  }

  #note(column: string, value: string, allowed: string): void {
    this.#fault ??= fault(column, value, allowed);
  }
}
