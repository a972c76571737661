import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BadToken, formatToken, mergeTokens, parseToken, type TokenEntry } from './token.ts';

const A = '11111111-1111-4111-8111-111111111111';
const B = '22222222-2222-4222-8222-222222222222';

const entry: fc.Arbitrary<TokenEntry> = fc.record(
  {
    service: fc.constantFrom('projects', 'costs'),
    system: fc.constantFrom('7412345678901234567', '1'),
    streamType: fc.constantFrom('Project', 'CostSheet'),
    streamId: fc.constantFrom(A, B),
    version: fc.integer({ min: 1, max: 1_000_000 }),
  },
  { requiredKeys: ['service', 'streamType', 'streamId', 'version'] },
);

describe('a token', () => {
  it('has one text form', () => {
    expect(formatToken([{ service: 'projects', system: '74', streamType: 'Project', streamId: A, version: 7 }])).toBe(
      `projects/74:Project:${A}@7`,
    );
    expect(parseToken(`projects:Project:${A}@7, costs:CostSheet:${B}@1`)).toEqual([
      { service: 'projects', streamType: 'Project', streamId: A, version: 7 },
      { service: 'costs', streamType: 'CostSheet', streamId: B, version: 1 },
    ]);
    expect(parseToken('')).toEqual([]);
  });

  it('is what it was after writing and reading', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 12 }), (entries) => {
        const text = formatToken(entries);
        expect(formatToken(parseToken(text))).toBe(text);
      }),
    );
  });

  it('merges to the union with the higher version, in any order, any number of times', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 8 }), fc.array(entry, { maxLength: 8 }), (one, other) => {
        const [a, b] = [formatToken(one), formatToken(other)];
        expect(mergeTokens([a, b])).toBe(formatToken([...one, ...other]));
        expect(mergeTokens([b, a, undefined, a])).toBe(mergeTokens([a, b]));
      }),
    );
    expect(mergeTokens([`projects:Project:${A}@7`, `projects:Project:${A}@9`])).toBe(`projects:Project:${A}@9`);
  });

  it.each([
    'projects',
    `projects:Project:${A}`,
    `projects:Project:${A}@0`,
    `projects:Project:${A}@1e3`,
    `projects:Project:${A}@99999999999999999999`,
    `Projects:Project:${A}@1`,
    `projects:Project:1@1`,
    `projects:Project:${A}@1;drop`,
    '\u0000',
  ])('refuses %j', (text) => {
    expect(() => parseToken(text)).toThrow(BadToken);
  });

  it('refuses more than 20 streams, also when merged', () => {
    const many = (count: number): string =>
      Array.from({ length: count }, () => `projects:Project:${randomUUID()}@1`).join();
    expect(() => parseToken(many(21))).toThrow(/at most 20/);
    expect(() => parseToken(many(100_000))).toThrow(BadToken);
    expect(() => mergeTokens([many(11), many(10)])).toThrow(/at most 20/);
    expect(parseToken(many(20))).toHaveLength(20);
  });
});
