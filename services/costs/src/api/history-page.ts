import { AnswerError } from '@tongchou/service-shell';

export interface PageArguments {
  readonly first?: number | null;
  readonly after?: string | null;
  readonly last?: number | null;
  readonly before?: string | null;
}

/** Versions of a stream, both included; empty where `to` is below `from`. */
export interface VersionRange {
  readonly from: number;
  readonly to: number;
}

const DEFAULT_SIZE = 25;
const MAX_SIZE = 200;

const CURSOR = /^v([1-9]\d{0,8})$/;

export const cursorOf = (version: number): string => Buffer.from(`v${version}`).toString('base64url');

function versionOf(cursor: string, argument: string): number {
  const [, version] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (version !== undefined) return Number(version);
  throw new AnswerError('BAD_USER_INPUT', `${argument} is not a cursor of this list`);
}

function sizeOf(size: number, argument: string): number {
  if (size >= 0 && size <= MAX_SIZE) return size;
  throw new AnswerError('BAD_USER_INPUT', `${argument} must be 0 to ${MAX_SIZE}`);
}

/** The page of a list that has every version from 1 to `total`: what is asked for, as far as it is there. */
export function pageOf(total: number, { first, after, last, before }: PageArguments): VersionRange {
  const low = typeof after === 'string' ? versionOf(after, 'after') + 1 : 1;
  const high = Math.min(total, typeof before === 'string' ? versionOf(before, 'before') - 1 : total);
  if (typeof first === 'number' && typeof last === 'number') {
    throw new AnswerError('BAD_USER_INPUT', 'Give first or last, not both');
  }
  if (typeof last === 'number') return { from: Math.max(low, high - sizeOf(last, 'last') + 1), to: high };
  return { from: low, to: Math.min(high, low + sizeOf(first ?? DEFAULT_SIZE, 'first') - 1) };
}
