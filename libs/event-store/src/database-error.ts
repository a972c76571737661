/**
 * What went wrong in a statement, as far as the next step depends on it. `data`: PostgreSQL refused the statement for what
 * was in it, or it could not even be written; nothing was stored. `contention`: it was rolled back for somebody else's sake, nothing was stored.
 * `connection`: unknown whether it was stored.
 */
export type DatabaseErrorKind = 'data' | 'contention' | 'connection';

const CONTENTION = new Set(['23505', '40001', '40P01', '55P03']);
const DATA_CLASSES = new Set(['21', '22', '23', '26', '42', '54', 'P0']);

/** The five letters of PostgreSQL's error code, where the error is one of PostgreSQL's. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
}

export function databaseErrorKind(error: unknown): DatabaseErrorKind {
  const state = sqlState(error);
  if (state === undefined) return error instanceof TypeError || error instanceof RangeError ? 'data' : 'connection';
  if (CONTENTION.has(state)) return 'contention';
  return DATA_CLASSES.has(state.slice(0, 2)) ? 'data' : 'connection';
}
