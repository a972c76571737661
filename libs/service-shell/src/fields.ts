import { parseIsoDate, parseMoney, type Cents, type IsoDate, parseId, type Id } from '@tongchou/kernel';
import { z, type ZodType } from 'zod';

/** Money as a decimal string with at most two places; becomes whole cents. A number is refused: it may have lost cents. */
export const moneyField = (about: string): ZodType<Cents, string> =>
  z
    .string('must be a decimal text such as "1250.50"')
    .regex(/^-?\d{1,14}(\.\d{1,2})?$/, 'must be a decimal text with at most two places, such as "1250.50"')
    .describe(about)
    .transform((text, context) => {
      const amount = parseMoney(text);
      if (amount !== undefined) return amount;
      context.addIssue('is more money than can be kept');
      return z.NEVER;
    });

/** A calendar day, `YYYY-MM-DD`. */
export const dayField = (about: string): ZodType<IsoDate, string> =>
  z
    .string('must be a day such as "2018-08-31"')
    .regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a day such as "2018-08-31"')
    .describe(about)
    .transform((text, context) => {
      const day = parseIsoDate(text);
      if (day !== undefined) return day;
      context.addIssue('is no day of the calendar');
      return z.NEVER;
    });

/** The id of one kind of thing: a UUID in lower case. */
export const idField = <Kind extends string>(_kind: Kind, about: string): ZodType<Id<Kind>, string> =>
  z
    .string('must be a UUID in lower case')
    .length(36, 'must be a UUID in lower case')
    .describe(about)
    .transform((text, context) => {
      const id = parseId<Kind>(text);
      if (id !== undefined) return id;
      context.addIssue('must be a UUID in lower case');
      return z.NEVER;
    });

/** A text that says something: 1 to `max` characters, not only blanks. */
export const textField = (about: string, max: number): ZodType<string, string> =>
  z
    .string('must be a text')
    .max(max, `must be at most ${max} characters`)
    .regex(/\S/, 'must not be empty')
    .describe(about);
