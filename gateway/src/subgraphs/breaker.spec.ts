import { describe, expect, it } from '@jest/globals';
import { Breaker } from './breaker.ts';

describe('the breaker', () => {
  const failing = (): { breaker: Breaker; clock: { now: number } } => {
    const clock = { now: 0 };
    const breaker = new Breaker(() => clock.now);
    for (let call = 0; call < 5; call += 1) {
      expect(breaker.admits()).toBe(true);
      breaker.failed();
    }
    return { breaker, clock };
  };

  it('lets nothing through after five failures in a row, for a second', () => {
    const { breaker, clock } = failing();
    clock.now = 999;
    expect([breaker.admits(), breaker.closed]).toEqual([false, false]);
  });

  it('then lets one call try, and closes by its success', () => {
    const { breaker, clock } = failing();
    clock.now = 1_000;
    expect([breaker.admits(), breaker.admits()]).toEqual([true, false]);
    breaker.succeeded();
    expect([breaker.admits(), breaker.admits(), breaker.closed]).toEqual([true, true, true]);
  });

  it('stays open by its failure, and tries again a second later', () => {
    const { breaker, clock } = failing();
    clock.now = 1_000;
    expect(breaker.admits()).toBe(true);
    breaker.failed();
    clock.now = 1_999;
    expect(breaker.admits()).toBe(false);
    clock.now = 2_000;
    expect(breaker.admits()).toBe(true);
  });

  it('opens at once when the other side was seen not to answer', () => {
    const clock = { now: 0 };
    const breaker = new Breaker(() => clock.now);
    breaker.trip();
    expect([breaker.admits(), breaker.closed]).toEqual([false, false]);
    clock.now = 1_000;
    expect(breaker.admits()).toBe(true);
    breaker.succeeded();
    expect(breaker.closed).toBe(true);
  });

  it('gives the trial back when it said nothing', () => {
    const { breaker, clock } = failing();
    clock.now = 1_000;
    expect(breaker.admits()).toBe(true);
    breaker.released();
    expect(breaker.admits()).toBe(true);
  });

  it('forgets failures at a success between them', () => {
    const breaker = new Breaker(() => 0);
    for (let call = 0; call < 20; call += 1) {
      breaker.failed();
      if (call % 4 === 3) breaker.succeeded();
    }
    expect(breaker.admits()).toBe(true);
  });
});
