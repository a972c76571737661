import { describe, expect, it } from '@jest/globals';
import { isUuid } from '@tongchou/kernel';
import { canonicalJson } from './canonical-json.ts';
import { createCodec } from './codec.ts';
import { UnknownVersion } from './errors.ts';
import { fingerprintOf } from './fingerprint.ts';
import { newEventId, uuidOf } from './identity.ts';

describe('a codec', () => {
  const renamed = { type: 'Renamed', name: 'x' };
  const codec = createCodec({ Renamed: [(data) => ({ ...data, second: 2 }), (data) => ({ ...data, third: 3 })] });

  it('writes events in the version of today: one more than the steps that lead to it', () => {
    expect(codec.encode(renamed)).toEqual({
      type: 'Renamed',
      schemaVersion: 3,
      data: { name: 'x' },
    });
    expect(codec.encode({ type: 'Plain' }).schemaVersion).toBe(1);
  });

  it('reads every older version as that of today', () => {
    expect(codec.decode('Renamed', 1, { name: 'x' })).toEqual({ type: 'Renamed', name: 'x', second: 2, third: 3 });
    expect(codec.decode('Renamed', 2, { name: 'x' })).toEqual({ type: 'Renamed', name: 'x', third: 3 });
    expect(codec.decode('Renamed', 3, { name: 'x' })).toEqual({ type: 'Renamed', name: 'x' });
  });

  it('does not guess at a version from the future', () => {
    expect(() => codec.decode('Renamed', 4, {})).toThrow(UnknownVersion);
    expect(() => codec.decode('Plain', 2, {})).toThrow('Deploy the newer one');
  });
});

describe('canonical JSON', () => {
  it('is that of RFC 8785', () => {
    const numbers = [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001, -0];
    const literals = [null, true, false];
    const string = '\u20ac$\u000f\u000aA\'\u0042\u0022\u005c\\"/';
    expect(canonicalJson({ numbers, string, literals })).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27,0],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
    const keys = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    expect(canonicalJson(keys).match(/:\d/g)?.join('')).toBe(':2:4:6:7:1:5:3');
  });

  it('leaves out what JSON leaves out, and refuses what JSON cannot carry', () => {
    expect(canonicalJson({ a: undefined, b: [undefined], c: new Date(0) })).toBe(
      '{"b":[null],"c":"1970-01-01T00:00:00.000Z"}',
    );
    expect(() => canonicalJson({ a: Number.NaN })).toThrow(TypeError);
    expect(() => canonicalJson({ a: 1n })).toThrow(TypeError);
  });

  it('gives the same fingerprint for the same value only', () => {
    expect(fingerprintOf({ a: 1, b: [2, { d: 1, c: 2 }] })).toEqual(fingerprintOf({ b: [2, { c: 2, d: 1 }], a: 1 }));
    expect(fingerprintOf({ a: 1 })).not.toEqual(fingerprintOf({ a: '1' }));
    expect(fingerprintOf({ a: 1 })).toHaveLength(32);
  });
});

describe('ids', () => {
  it('of natural keys are the same for ever, and tell names apart', () => {
    expect(uuidOf('Project', 'nyc', '1')).toBe('4707387c-b699-54f4-bf78-65247de2f6f7');
    expect(new Set([uuidOf('a', 'b', 'c'), uuidOf('a', 'bc'), uuidOf('ab', 'c'), uuidOf('a', 'b,c')]).size).toBe(4);
  });

  it('of events are UUIDs that sort by time', () => {
    const ids = Array.from({ length: 100 }, newEventId);
    expect(ids.every(isUuid)).toBe(true);
    expect([...ids].sort()).toEqual(ids);
  });
});
