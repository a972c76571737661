import { describe, expect, it } from '@jest/globals';
import { type FlowEvidence, judgeFlow } from './flow-checker.ts';

const fact = (stream: string, version: number, content = `${version}`) => ({
  stream,
  version,
  eventId: `${stream}-${version}`,
  content,
});

const source = [
  { ...fact('a', 1), amount: 5 },
  { ...fact('b', 1, ''), amount: null },
  { ...fact('a', 2), amount: 7 },
];
const good: FlowEvidence = {
  source,
  received: [fact('b', 1, ''), fact('a', 1), fact('a', 2)],
  effects: [{ stream: 'a', facts: 2, amount: 12, inverted: 0 }],
  waiting: [],
  forged: ['forged'],
  parkedForgeries: ['forged'],
};
const judged = (changes: Partial<FlowEvidence>): string[] => judgeFlow({ ...good, ...changes });

describe('a flow', () => {
  it('is good when everything came once and in the order of its stream', () => expect(judged({})).toEqual([]));

  it('has lost what was committed and never came', () =>
    expect(judged({ received: [fact('b', 1, ''), fact('a', 1)] })).toEqual(['missing: a/2']));

  it('has doubled what was stored twice', () =>
    expect(judged({ received: [...good.received, fact('a', 2)] })).toEqual(['doubled: a/2']));

  it('is inverted when a version comes before the one it follows', () =>
    expect(judged({ received: [fact('b', 1, ''), fact('a', 2), fact('a', 1)] })).toEqual([
      'inverted: a/2 came after version 0',
      'inverted: a/1 came after version 2',
    ]));

  it('holds what nobody committed, another event, or other words, for foreign', () => {
    expect(judged({ received: [...good.received, fact('c', 1)] })).toEqual(['foreign: c/1 was never committed']);
    const [first = fact('', 0), second = fact('', 0), third = fact('', 0)] = good.received;
    expect(judged({ received: [first, second, { ...third, eventId: 'forged' }] })).toEqual([
      'foreign: a/2 is another event',
    ]);
    expect(judged({ received: [first, second, { ...third, content: 'x' }] })).toEqual([
      'foreign: a/2 says something else',
    ]);
  });

  it('counts effects, not only what was stored', () => {
    expect(judged({ effects: [{ stream: 'a', facts: 3, amount: 19, inverted: 0 }] })).toEqual([
      'doubled effect: a counts 3 facts of 2, 19 of 12',
    ]);
    expect(judged({ effects: [] })).toEqual(['missing effect: a counts 0 facts of 2, 0 of 12']);
    expect(judged({ effects: [{ stream: 'a', facts: 2, amount: 12, inverted: 1 }] })).toEqual([
      'inverted effect: a, 1 times',
    ]);
  });

  it('tells what still waits, and which forgery was not noticed', () => {
    const waiting = [{ stream: 'a', version: 3, eventId: 'a-3', reason: 'gap' }];
    expect(judged({ waiting })).toEqual(['still parked: a/3, gap']);
    expect(judged({ parkedForgeries: [] })).toEqual(['a forged event was not parked: forged']);
  });
});
