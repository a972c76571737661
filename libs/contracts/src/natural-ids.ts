import { createHash } from 'node:crypto';
import type { CostSheetId, ProjectId } from '@tongchou/kernel';

/** The namespace under which registers have their ids. Part of every id: never changed. */
export const REGISTERS = '7d1c1d1e-5b0a-4f53-9c8e-2f6a9b1f0c11';

/**
 * UUID v5 (RFC 9562): SHA-1 over the namespace's bytes and the name in UTF-8.
 */
export function uuidV5(namespace: string, name: string): string {
  const bytes = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name, 'utf8')
    .digest()
    .subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** A project's id: `uuid5(uuid5(REGISTERS, register), reference)`, both as the source writes them. */
export function projectIdOf(register: string, reference: string): ProjectId {
  return uuidV5(uuidV5(REGISTERS, register), reference) as ProjectId;
}

/** The id of a project's cost sheet: `uuid5(projectId, "CostSheet")`. */
export function costSheetIdOf(projectId: ProjectId): CostSheetId {
  return uuidV5(projectId, 'CostSheet') as CostSheetId;
}
