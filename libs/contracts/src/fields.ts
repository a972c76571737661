import { isUuid, parseIsoDate } from '@tongchou/kernel';
import type { Cents, IsoDate, ProjectId } from '@tongchou/kernel';
import { z } from 'zod';
import type { ZodType } from 'zod';

// Schemas whose JSON Schema is plain and whose output is the branded type: the check behind each makes the cast true.
const uuid = () => z.uuid().refine(isUuid, 'not a UUID in lower case');

export const projectId = uuid().describe('UUID v5 of register and reference') as ZodType as ZodType<ProjectId>;

/** A day of the calendar, `YYYY-MM-DD`. */
export const day = z.iso
  .date()
  .refine(
    (text) => parseIsoDate(text) !== undefined,
    'not a day of the form YYYY-MM-DD',
  ) as ZodType as ZodType<IsoDate>;

/** Whole cents of the deployment's currency. */
export const amount = z.int().describe('Whole cents') as ZodType as ZodType<Cents>;

/** Words as the source wrote them. */
export const words = z.string();
