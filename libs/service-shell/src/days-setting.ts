import { z } from 'zod';
import { setting } from './define-config.ts';

const MOST_DAYS = 3_650;

/** A time in whole days, 1 to ten years. */
export const daysSetting = (name: string, about: string, usual: number) =>
  setting({
    name,
    about,
    type: z
      .string()
      .regex(/^\d{1,4}$/)
      .transform(Number)
      .pipe(z.int().min(1).max(MOST_DAYS))
      .default(usual),
    allowed: `whole days from 1 to ${MOST_DAYS}`,
    example: String(usual),
  });
