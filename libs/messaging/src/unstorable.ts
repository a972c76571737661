import type { Envelope } from '@tongchou/contracts';

const DEEPEST = 200;
const HIGHEST_SCHEMA_VERSION = 32_767;

const isUnstorableText = (text: string): boolean => text.includes('\u0000') || !text.isWellFormed();

/** PostgreSQL's jsonb takes no NUL, no half surrogate, and neither it nor JavaScript every number that JSON can write. */
function obstacleIn(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string')
    return isUnstorableText(value) ? 'a text with NUL or half a surrogate pair' : undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'a number beyond all bounds';
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > DEEPEST) return `more than ${DEEPEST} levels`;
  for (const [name, inner] of Object.entries(value)) {
    const obstacle = isUnstorableText(name) ? 'a name with NUL or half a surrogate pair' : obstacleIn(inner, depth + 1);
    if (obstacle) return obstacle;
  }
  return undefined;
}

/** Why an envelope that reads well cannot be kept as it came; `undefined` when it can. */
export function unstorable({ data, metadata, streamType, schemaVersion, recordedAt }: Envelope): string | undefined {
  if (schemaVersion > HIGHEST_SCHEMA_VERSION)
    return `schema version ${schemaVersion} is above ${HIGHEST_SCHEMA_VERSION}`;
  if (recordedAt.startsWith('0000')) return 'its time lies before year 1';
  if (isUnstorableText(streamType)) return 'a stream type with NUL or half a surrogate pair';
  return obstacleIn(metadata, 0) ?? obstacleIn(data, 0);
}
