import { describe, expect, it } from '@jest/globals';
import { type ClockEvidence, judgeClocks } from './check-clocks.ts';

const at = (stream: string, version: number, recordedAt = BigInt(version)) => ({ stream, version, recordedAt });
const sound: ClockEvidence = {
  stored: [at('a', 1), at('a', 2, 1n), at('b', 1)],
  read: [at('b', 1), at('a', 1), at('a', 2)],
  lies: 0,
  takeovers: [{ ms: 2_000, limitMs: 15_000 }],
  apart: [{ where: 'one', said: true }],
};

describe('wrong clocks', () => {
  it('do no harm while order, instants, tokens and leadership hold and somebody says so', () => {
    expect(judgeClocks(sound)).toEqual([]);
  });

  it('are found out where an instant goes backwards in a stream', () => {
    expect(judgeClocks({ ...sound, stored: [at('a', 1, 5n), at('a', 2, 4n), at('b', 1)] })).toEqual([
      'a@2 is recorded before version 1',
    ]);
  });

  it('are found out where a reader missed or inverted events', () => {
    expect(judgeClocks({ ...sound, read: [at('a', 2), at('a', 1)] })).toEqual([
      'a@2 was read where 1 is next',
      '1 events of a were not read in their order',
      '1 events of b were not read in their order',
    ]);
  });

  it('are found out where answers lie, nobody takes over, or nobody says so', () => {
    const bad = {
      ...sound,
      lies: 2,
      takeovers: [{ ms: 20_000, limitMs: 15_000 }],
      apart: [{ where: 'one', said: false }],
    };
    expect(judgeClocks(bad)).toHaveLength(3);
  });
});
