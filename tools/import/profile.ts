import { createHash } from 'node:crypto';
import type { IsoDate } from '@tongchou/kernel';
import type { ServiceName } from '../state/run-file.ts';

/** Why a row cannot be taken: the cell, what it holds, and what it may hold. */
export interface CellFault {
  readonly column: string;
  readonly value: string;
  readonly allowed: string;
}

/** A row that was understood: its place in time, the source's own key, and what it says. */
export interface Understood<Content> {
  readonly period: IsoDate;
  readonly reference: string;
  readonly content: Content;
}

/** A row with the place where a person finds it. */
export interface Row<Content> extends Understood<Content> {
  /** Which of the files that were given, from 0. */
  readonly file: number;
  /** The line on which the row begins, from 1. */
  readonly line: number;
}

/** A command for one service; its key comes from its content, so that the same row again is the same command. */
export interface ImportCommand {
  readonly service: ServiceName;
  readonly command: string;
  readonly idempotencyKey: string;
  readonly input: object;
}

/** How one kind of file becomes commands. Keeps no state and knows no database: the aggregates decide what is new. */
export interface Profile<Content> {
  /** Also the name of the register that its works belong to. */
  readonly name: string;
  readonly about: string;
  /** The currency of its money. */
  readonly currency: string;
  /** Columns that a file must have, each once, in any order. */
  readonly columns: readonly string[];
  read(cell: (column: string) => string): Understood<Content> | CellFault;
  /** Commands of a row in order. `firstMet`: this run has not met the row's reference before. */
  commands(row: Understood<Content>, firstMet: boolean): readonly ImportCommand[];
}

export const isFault = (read: object): read is CellFault => 'allowed' in read;

/** A command with its key. Two inputs that say the same in the same order have the same key. */
export function commandFor(service: ServiceName, command: string, input: object): ImportCommand {
  const key = createHash('sha256')
    .update(JSON.stringify([command, input]))
    .digest('base64url');
  return { service, command, idempotencyKey: `import-${key}`, input };
}

const WHOLE = /^\d{1,15}$/;

/** Numbers by size before everything else, which goes by its characters. */
function compareReferences(a: string, b: string): number {
  const [numeric, other] = [WHOLE.test(a), WHOLE.test(b)];
  if (numeric && other && Number(a) !== Number(b)) return Number(a) - Number(b);
  if (numeric !== other) return numeric ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}

/** The order in which rows are sent: period, reference, then as they stand in the files. */
export function compareRows(a: Row<unknown>, b: Row<unknown>): number {
  if (a.period !== b.period) return a.period < b.period ? -1 : 1;
  return compareReferences(a.reference, b.reference) || a.file - b.file || a.line - b.line;
}
