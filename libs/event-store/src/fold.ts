import type { Fact } from '@tongchou/kernel';
import { reasonOf } from './log.ts';

/**
 * A read model whose row and facts only its runner needs to know: any `ReadModel` fits. Methods, so that a model of narrower
 * facts fits too; it is only asked about facts that its `decode` gives.
 */
export interface AnyReadModel {
  readonly name: string;
  readonly version: number;
  readonly columns: Readonly<Record<string, string>>;
  readonly primaryKey: readonly string[];
  readonly indexes?: readonly (readonly string[])[];
  key(fact: Fact): object | undefined;
  fold(row: object | undefined, fact: Fact): object;
}

/** A model cannot take a fact: a bug in the model. The message names both. */
export class ModelFault extends Error {
  constructor(what: string, fact: Fact, cause: unknown) {
    const { source, event, streamType, streamId, version } = fact;
    super(
      `${what} fails at ${event.type} (${source}, ${streamType} ${streamId}, version ${version}): ${reasonOf(cause)}`,
      {
        cause,
      },
    );
    this.name = 'ModelFault';
  }
}

/** One text for the primary key of a row, or of the key of a row. */
export function rowKey(model: Pick<AnyReadModel, 'primaryKey'>, row: object): string {
  return JSON.stringify(model.primaryKey.map((field) => Reflect.get(row, field)));
}

interface Aim {
  readonly fact: Fact;
  readonly key: object;
}

/** The rows that these facts change, in the order of the facts. @throws ModelFault */
export function aim(model: AnyReadModel, facts: readonly Fact[]): Aim[] {
  return facts.flatMap((fact) => {
    try {
      const key = model.key(fact);
      return key === undefined ? [] : [{ fact, key }];
    } catch (error) {
      throw new ModelFault(`key of read model ${model.name}`, fact, error);
    }
  });
}

function foldOne(model: AnyReadModel, { fact, key }: Aim, before: object | undefined): object {
  try {
    const after = model.fold(before, fact);
    if (rowKey(model, after) !== rowKey(model, key)) throw new Error('fold and key name different rows');
    return after;
  } catch (error) {
    throw new ModelFault(`fold of read model ${model.name}`, fact, error);
  }
}

/** The rows that differ after the facts, by their key; `rows` as they were before. @throws ModelFault */
export function foldRows(
  model: AnyReadModel,
  aims: readonly Aim[],
  rows: ReadonlyMap<string, object>,
): Map<string, object> {
  const changed = new Map<string, object>();
  for (const each of aims) {
    const key = rowKey(model, each.key);
    const before = changed.get(key) ?? rows.get(key);
    const after = foldOne(model, each, before);
    if (after !== before) changed.set(key, after);
  }
  return changed;
}

/** All rows of a model, folded from nothing: what its table must hold once these facts have been read. @throws ModelFault */
export function foldFromScratch(model: AnyReadModel, facts: readonly Fact[]): Map<string, object> {
  return foldRows(model, aim(model, facts), new Map());
}
