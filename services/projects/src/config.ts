import { serviceSettings, setting } from '@tongchou/service-shell';
import type { ConfigOf } from '@tongchou/service-shell';
import { z } from 'zod';

/** Words parted by commas; blanks around them do not count. */
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== ''),
);

/** Everything that projects may be told from outside. */
export const settings = {
  ...serviceSettings('projects', 4001),
  districts: setting({
    name: 'DISTRICTS',
    about: "The city's districts. A word outside the list is kept as written, and listed. Unset: none is outside.",
    type: list.default([]),
    allowed: 'names parted by commas',
    example: 'Bronx, Brooklyn, Manhattan, Queens, Staten Island',
  }),
};

export type ProjectsConfig = ConfigOf<typeof settings>;
