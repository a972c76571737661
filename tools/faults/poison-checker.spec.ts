import { describe, expect, it } from '@jest/globals';
import { judgePoison, type PoisonEvidence } from './poison-checker.ts';

const fact = (stream: string, version: number) => ({ stream, version, eventId: `${stream}-${version}` });

const good: PoisonEvidence = {
  good: [fact('a', 1), fact('a', 2)],
  poison: [
    { kind: 'not JSON', eventId: 'p', reason: 'unreadable' },
    { kind: 'unknown type', eventId: 'u' },
  ],
  stored: new Set(['a-1', 'a-2', 'u']),
  parked: [{ eventId: 'p', reason: 'unreadable', detail: 'the value is not JSON' }],
  healed: [fact('s', 1)],
  storedAtLast: [fact('a', 1), fact('s', 1), fact('a', 2)],
  waiting: 0,
  behind: 0,
};
const judged = (changes: Partial<PoisonEvidence>): string[] => judgePoison({ ...good, ...changes });

describe('poison', () => {
  it('does no harm when the good are delivered, the bad parked, and all of it heals', () =>
    expect(judged({})).toEqual([]));

  it('stops others when a good fact was not delivered, or nobody took the rest in hand', () => {
    expect(judged({ stored: new Set(['a-1', 'u']) })).toEqual(['not delivered: a/2, though nothing is wrong with it']);
    expect(judged({ behind: 3 })).toEqual(['3 messages were not taken in hand']);
  });

  it('must be parked, for its reason, in words; what is only unknown is stored', () => {
    expect(judged({ parked: [] })).toEqual(['not parked: not JSON p']);
    expect(judged({ parked: [{ eventId: 'p', reason: 'gap', detail: 'x' }] })).toEqual([
      'parked as gap, not unreadable: not JSON p',
    ]);
    expect(judged({ parked: [{ eventId: 'p', reason: 'unreadable', detail: '' }] })).toEqual([
      'parked without a word: not JSON p',
    ]);
    expect(judged({ stored: new Set(['a-1', 'a-2']) })).toEqual(['not stored: unknown type u']);
  });

  it('must heal, in order', () => {
    expect(judged({ storedAtLast: [fact('a', 1), fact('a', 2)] })).toEqual(['not delivered after the repair: s/1']);
    expect(judged({ waiting: 2 })).toEqual(['2 messages still wait after the repair']);
    expect(judged({ storedAtLast: [fact('s', 1), fact('a', 2), fact('a', 1)] })).toEqual([
      'a/2 was stored after version 0',
      'a/1 was stored after version 2',
    ]);
  });
});
