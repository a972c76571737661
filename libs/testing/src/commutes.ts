import { deepStrictEqual } from 'node:assert/strict';
import { type AnyReadModel, foldFromScratch } from '@tongchou/event-store/fold';
import type { Fact } from '@tongchou/kernel';
import fc from 'fast-check';

/** The rows that a read model makes of these facts, by nothing but its fold. */
export const rowsOf = (model: AnyReadModel, facts: readonly Fact[]): readonly object[] => [
  ...foldFromScratch(model, facts).values(),
];

/** Facts as a bus delivers them: streams interleaved, each in order, any of them again at any later moment. */
function deliveries(streams: readonly (readonly Fact[])[]): fc.Arbitrary<readonly Fact[]> {
  const turns = streams.flatMap((facts, stream) => facts.map(() => stream));
  const whole = { minLength: turns.length, maxLength: turns.length };
  const again = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 10 });
  return fc.tuple(fc.shuffledSubarray(turns, whole), again).map(([order, repeats]) => {
    const rest = streams.map((facts) => facts.values());
    const delivered = order.flatMap((stream) => [...(rest[stream]?.take(1) ?? [])]);
    for (const [which, later] of repeats) {
      const from = which % Math.max(1, delivered.length);
      const fact = delivered[from];
      if (fact) delivered.splice(from + 1 + (later % (delivered.length - from)), 0, fact);
    }
    return delivered;
  });
}

/** What a receiver stores of it: each version of each stream once. */
function received(facts: readonly Fact[]): Fact[] {
  const last = new Map<string, number>();
  return facts.filter(({ source, streamId, version }) => {
    const stream = `${source} ${streamId}`;
    if (version !== (last.get(stream) ?? 0) + 1) return false;
    last.set(stream, version);
    return true;
  });
}

/**
 * The promise that every read model makes: whatever the order in which streams arrive, and whatever arrives twice, its rows
 * are those of one fold from scratch. Fails with the smallest deliveries that it can find. Each generated stream is a list of
 * facts in order, from version 1; `factsOf` makes one.
 */
export function commutes(
  model: AnyReadModel,
  streams: fc.Arbitrary<readonly (readonly Fact[])[]>,
  runs: { readonly numRuns?: number; readonly seed?: number } = {},
): void {
  const both = streams.chain((facts) => fc.tuple(fc.constant(facts.flat()), deliveries(facts)));
  fc.assert(
    fc.property(both, ([inOrder, delivered]) => {
      deepStrictEqual(foldFromScratch(model, received(delivered)), foldFromScratch(model, inOrder));
    }),
    runs,
  );
}

/** `commutes` for streams that are written down. */
export function assertCommutes(model: AnyReadModel, streams: readonly (readonly Fact[])[]): void {
  commutes(model, fc.constant(streams));
}
