import { currentVersion, type UpcasterChains } from '@tongchou/kernel';
import type { Reading } from './history-reading.ts';

/** What is wrong with a row's value for its column; types as a model declares them, `?` = may be null. */
function misfit(column: string, type: string, value: unknown): string | undefined {
  if (value === undefined) return `${column} is missing`;
  if (value === null) return type.endsWith('?') ? undefined : `${column} is null`;
  if (/^(integer|bigint)/.test(type) && !Number.isSafeInteger(value)) return `${column} is no whole number`;
  if (/^(text|date|uuid|timestamptz)\??$/.test(type) && typeof value !== 'string') return `${column} is no text`;
  return undefined;
}

const misfits = ({ event, rows }: Reading): string[] =>
  rows.flatMap(({ model, row }) =>
    Object.entries(model.columns).flatMap(([column, type]) => {
      const wrong = misfit(column, type, Reflect.get(row, column));
      return wrong === undefined ? [] : [`${event}: a row of ${model.name}: ${wrong}`];
    }),
  );

/** Every version from the first to today's must have been kept. */
function missing(service: string, types: readonly string[], chains: UpcasterChains, kept: ReadonlySet<string>) {
  return types.flatMap((type) =>
    Array.from({ length: currentVersion(chains, type) }, (_, before) => `${type} v${before + 1}`)
      .filter((name) => !kept.has(name))
      .map((name) => `${service}: no golden event of ${name} was kept`),
  );
}

export interface ReadService {
  readonly service: string;
  /** All types that the service writes. */
  readonly types: readonly string[];
  readonly chains: UpcasterChains;
  readonly readings: readonly Reading[];
}

/** Each event of each version must be there, be upcast, fit, be folded, and make sound rows in at least one model. */
export function judgeHistory({ service, types, chains, readings }: ReadService): string[] {
  const kept = new Set(readings.map(({ event }) => event));
  return [
    ...missing(service, types, chains, kept),
    ...readings.flatMap((reading) => [
      ...reading.faults.map((fault) => `${service} ${reading.event}: ${fault}`),
      ...(reading.folded ? [] : [`${service} ${reading.event}: its aggregate did not take it`]),
      ...(reading.rows.length > 0 ? [] : [`${service} ${reading.event}: no read model shows it`]),
      ...misfits(reading),
    ]),
  ];
}
