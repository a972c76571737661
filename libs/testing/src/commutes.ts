import assert from 'node:assert/strict';
import { foldFromScratch } from '@tongchou/event-store';
import type { AnyReadModel } from '@tongchou/event-store';
import type { Fact } from '@tongchou/kernel';
import fc from 'fast-check';

/** The rows that a read model makes of these facts, by nothing but its fold. */
export const rowsOf = (model: AnyReadModel, facts: readonly Fact[]): readonly object[] => [
  ...foldFromScratch(model, facts).values(),
];

/**
 * Asserts that a fold commutes across streams: only the order inside one stream is promised, so that any interleaving of
 * the streams must give the same rows.
 */
export function assertCommutes(model: AnyReadModel, streams: readonly (readonly Fact[])[]): void {
  const expected = foldFromScratch(model, streams.flat());
  const length = streams.flat().length;
  const picks = fc.array(fc.nat(streams.length - 1), { minLength: length, maxLength: length });
  fc.assert(
    fc.property(picks, (order) => {
      const left = streams.map((stream) => [...stream]);
      const mixed = order.flatMap((pick) => left[pick]?.splice(0, 1) ?? []);
      assert.deepStrictEqual(foldFromScratch(model, [...mixed, ...left.flat()]), expected);
    }),
  );
}
