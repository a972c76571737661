import { hash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';

/** SHA-256 of the canonical JSON (RFC 8785) of a value: the same for the same value, however its keys were ordered. */
export function fingerprintOf(value: unknown): Buffer {
  return hash('sha256', canonicalJson(value), 'buffer');
}
