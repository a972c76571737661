import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Kind, parse, type DocumentNode, type SelectionSetNode } from 'graphql';
import { DocumentRuler } from './document-ruler.ts';

/** Fields with or without alias, inline fragments, and spreads of fragments that come later only: no circles. */
const selection = (fragments: number, after: number): fc.Arbitrary<string> =>
  fc.letrec((tie) => ({
    set: fc.array(tie('one'), { minLength: 1, maxLength: 4 }).map((all) => `{ ${all.join(' ')} }`),
    one: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      fc.constantFrom('a', 'b', 'x: a', 'y: b'),
      ...(after + 1 < fragments ? [fc.integer({ min: after + 1, max: fragments - 1 }).map((n) => `...F${n}`)] : []),
      fc.tuple(fc.constantFrom('a', 'x: a', '... on T'), tie('set')).map(([head, set]) => `${head} ${String(set)}`),
    ),
  })).set;

const documents = fc
  .tuple(selection(4, -1), ...[0, 1, 2, 3].map((n) => selection(4, n)))
  .map(
    ([operation, ...bodies]) =>
      `query ${operation} ${bodies.map((body, n) => `fragment F${n} on T ${body}`).join(' ')}`,
  );

/** The same measures taken the slow way: with every fragment written out. */
function writtenOut(set: SelectionSetNode, document: DocumentNode): { depth: number; aliases: number; fields: number } {
  return set.selections.reduce(
    (sum, one) => {
      const body =
        one.kind === Kind.FRAGMENT_SPREAD
          ? document.definitions.find(
              (all) => all.kind === Kind.FRAGMENT_DEFINITION && all.name.value === one.name.value,
            )
          : one;
      const inner =
        body && 'selectionSet' in body && body.selectionSet
          ? writtenOut(body.selectionSet, document)
          : { depth: 0, aliases: 0, fields: 0 };
      const isField = one.kind === Kind.FIELD;
      return {
        depth: Math.max(sum.depth, inner.depth + (isField ? 1 : 0)),
        aliases: sum.aliases + inner.aliases + (isField && one.alias ? 1 : 0),
        fields: sum.fields + inner.fields + (isField ? 1 : 0),
      };
    },
    { depth: 0, aliases: 0, fields: 0 },
  );
}

describe('the document ruler', () => {
  it('measures as if every fragment were written out', () => {
    fc.assert(
      fc.property(documents, (text) => {
        const document = parse(text);
        const [operation] = document.definitions;
        if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('no operation');
        const { depth, aliases, fields } = new DocumentRuler(document).measure(operation.selectionSet);
        expect({ depth, aliases, fields }).toEqual(writtenOut(operation.selectionSet, document));
      }),
    );
  });

  it('counts what execution would merge', () => {
    const repeats = (text: string): number => {
      const document = parse(text);
      const [operation] = document.definitions;
      return operation?.kind === Kind.OPERATION_DEFINITION
        ? new DocumentRuler(document).repeats(operation.selectionSet.selections)
        : -1;
    };
    expect(repeats('{ a b c }')).toBe(0);
    expect(repeats('{ a a x: a }')).toBe(1);
    expect(repeats('{ a { b } a { b c } }')).toBe(2);
    expect(repeats('{ a ...F ...F } fragment F on T { a }')).toBe(1);
    expect(repeats('{ ... on T { a } ... on T { a { a } } }')).toBe(1);
  });
});
