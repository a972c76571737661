import type { Phase } from '../domain/phase.ts';

/** A phase as the graph writes it: `UnderConstruction` is `UNDER_CONSTRUCTION`. */
export const phaseCode = (phase: Phase): string => phase.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
