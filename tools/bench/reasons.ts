import type { Reasons } from './report.ts';

/** Why a figure misses its bar, as far as somebody found out; read only where it misses. */
export const REASONS: Reasons = {};
