import { v5, v7 } from 'uuid';

const NATURAL_KEYS = '6f1d3c0e-5f0b-5d7e-9a3c-2b8a1f4c7d90';

/** The UUID v5 that a natural key has for ever. `kind` and `names` are told apart: `('a', 'b')` is not `('ab')`. */
export function uuidOf(kind: string, ...names: readonly string[]): string {
  return v5(JSON.stringify([kind, ...names]), NATURAL_KEYS);
}

/** A UUID v7: later ones sort behind earlier ones, which keeps indexes dense. */
export const newEventId = (): string => v7();
