import type { Tagged, Upcast } from '@tongchou/kernel';
import type { ZodType } from 'zod';

/** What other services may know of one kind of fact. */
export interface Contract<Data extends object = object> {
  /** The version that is published today: one more than the upcasters. */
  readonly version: number;
  /** Today's data, without the type. Fields that it does not name are dropped, so that a producer may add some. */
  readonly schema: ZodType<Data>;
  /** One sentence: what has happened. */
  readonly description: string;
  /** From version 1, from version 2, and so on, to today's. */
  readonly upcasters: readonly Upcast[];
  /** Data of today's version; the golden file of a version begins as this. */
  readonly example: Data;
}

export type Contracts = Readonly<Record<string, Contract>>;

/** An event in the shape that other services may see. */
export interface PublicFact {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: object;
}

/** Data that its contract does not allow: the stream is parked, never skipped. */
export class ContractBreach extends Error {
  override readonly name = 'ContractBreach';
  readonly code: 'UNKNOWN_VERSION' | 'DATA_BREACH';

  constructor(code: ContractBreach['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** Puts the type beside the data again. */
export function tagged(type: string, data: object): Tagged {
  return { ...data, type };
}

/** A fact's contract. Its version is one more than its upcasters: a new fact has none. */
export function contract<Data extends object>(
  description: string,
  schema: ZodType<Data>,
  example: NoInfer<Data>,
  upcasters: readonly Upcast[] = [],
): Contract<Data> {
  return { version: upcasters.length + 1, schema, description, upcasters, example };
}

/** The facts of a catalogue as a union told apart by `type`. */
export type FactOf<Catalogue extends Contracts> = {
  [Type in keyof Catalogue & string]: { readonly type: Type } & Readonly<Catalogue[Type]['example']>;
}[keyof Catalogue & string];
