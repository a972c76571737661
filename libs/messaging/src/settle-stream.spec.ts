import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { settleStream } from './settle-stream.ts';
import type { Arrival, StreamState, Waiting } from './settle-stream.ts';

const EMPTY: StreamState = { last: 0, known: new Map(), waiting: [] };
const fact = (version: number, eventId = `event ${version}`): Arrival => ({ version, eventId, fault: undefined });
const broken = (version: number): Arrival => ({
  ...fact(version),
  fault: { reason: 'breach', detail: 'amount: not a number' },
});
const waits = (version: number, reason: Waiting['reason'] = 'gap', eventId = `event ${version}`): Waiting => ({
  id: `parked ${eventId}`,
  version,
  eventId,
  reason,
});
const versions = (origins: ReturnType<typeof settleStream>['insert']): unknown[] =>
  origins.map((origin) => ('arrived' in origin ? origin.arrived.version : origin.parkedId));

describe('settling a stream', () => {
  it('inserts what is next, skips what is known', () => {
    const state = { ...EMPTY, last: 2, known: new Map([[2, 'event 2']]) };
    const { insert, skipped, park } = settleStream(state, [fact(2), fact(3), fact(3), fact(4)]);
    expect([versions(insert), skipped, park]).toEqual([[3, 4], 2, []]);
  });

  it('parks behind a gap, each with its reason, once', () => {
    const { insert, park, skipped } = settleStream({ ...EMPTY, last: 1 }, [fact(3), fact(4), fact(3)]);
    expect(insert).toEqual([]);
    expect(skipped).toBe(1);
    expect(park.map(({ item, reason, detail }) => [item.version, reason, detail])).toEqual([
      [3, 'gap', 'version 3 waits for version 2'],
      [4, 'behind', 'version 4 waits for version 2'],
    ]);
  });

  it('drains in order by itself when the missing fact arrives, within a batch or from what was parked', () => {
    expect(versions(settleStream(EMPTY, [fact(3), fact(2), fact(1)]).insert)).toEqual([1, 2, 3]);
    const state = { ...EMPTY, last: 1, waiting: [waits(3), waits(4, 'behind'), waits(6, 'behind')] };
    const { insert, released, park } = settleStream(state, [fact(2)]);
    expect(versions(insert)).toEqual([2, 'parked event 3', 'parked event 4']);
    expect(released).toEqual(['parked event 3', 'parked event 4']);
    expect(park).toEqual([]);
  });

  it('keeps what breaks its contract, and what follows behind it', () => {
    const { insert, park } = settleStream(EMPTY, [fact(1), broken(2), fact(3)]);
    expect(versions(insert)).toEqual([1]);
    expect(park.map(({ item, reason }) => [item.version, reason])).toEqual([
      [2, 'breach'],
      [3, 'behind'],
    ]);
  });

  it('lets a sound copy of a broken message heal its stream', () => {
    const state = { ...EMPTY, last: 1, waiting: [waits(2, 'breach'), waits(3, 'behind')] };
    const { insert, released } = settleStream(state, [fact(2)]);
    expect(versions(insert)).toEqual([2, 'parked event 3']);
    expect(released).toEqual(['parked event 2', 'parked event 3']);
  });

  it('holds a forked stream until somebody has looked', () => {
    const state = { ...EMPTY, last: 2, known: new Map([[2, 'event 2']]) };
    const first = settleStream(state, [fact(2, 'another'), fact(3)]);
    expect(first.insert).toEqual([]);
    expect(first.park.map(({ reason }) => reason)).toEqual(['forked', 'behind']);
    const held = { ...state, waiting: [waits(2, 'forked', 'another'), waits(3, 'behind')] };
    expect(settleStream(held, [fact(4)]).insert).toEqual([]);
    expect(settleStream(held, [fact(2, 'another')]).skipped).toBe(1);
    const cleared = { ...state, waiting: [waits(3, 'behind')] };
    expect(versions(settleStream(cleared, []).insert)).toEqual(['parked event 3']);
  });

  it('finds that a parked message contradicts what arrived meanwhile', () => {
    const state = { ...EMPTY, last: 1, waiting: [waits(3, 'gap', 'another')] };
    const sound = settleStream(state, [fact(2)]);
    expect(versions(sound.insert)).toEqual([2, 'parked another']);
    const late = { last: 3, known: new Map([[3, 'event 3']]), waiting: [waits(3, 'gap', 'another')] };
    expect(settleStream(late, []).forked).toEqual(['parked another']);
  });

  it('ends in the same stream however its facts are repeated, reordered and cut into batches', () => {
    const shuffled = fc.integer({ min: 1, max: 12 }).chain((length) => {
      const all = Array.from({ length }, (_, index) => index + 1);
      const repeated = fc.array(fc.constantFrom(...all), { maxLength: 20 });
      return repeated.chain((more) =>
        fc.record({
          length: fc.constant(length),
          order: fc.shuffledSubarray([...all, ...more], { minLength: length + more.length }),
          cuts: fc.integer({ min: 1, max: 6 }),
        }),
      );
    });
    fc.assert(
      fc.property(shuffled, ({ length, order, cuts }) => {
        let state: StreamState = EMPTY;
        const stored: number[] = [];
        for (let at = 0; at < order.length; at += cuts) {
          const { insert, park, released } = settleStream(
            state,
            order.slice(at, at + cuts).map((v) => fact(v)),
          );
          stored.push(
            ...insert.map((origin) => ('arrived' in origin ? (origin.arrived.version ?? 0) : Number(origin.parkedId))),
          );
          const more = park.map(({ item, reason }) => ({
            ...waits(item.version ?? 0, reason),
            id: String(item.version),
          }));
          state = {
            last: stored.length,
            known: new Map(stored.map((version) => [version, `event ${version}`])),
            waiting: [...state.waiting.filter(({ id }) => !released.includes(id)), ...more],
          };
        }
        expect(stored).toEqual(Array.from({ length }, (_, index) => index + 1));
        expect(state.waiting).toEqual([]);
      }),
    );
  });
});
