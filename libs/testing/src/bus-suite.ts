import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import type { Bus } from '@tongchou/messaging';
import { PUBLISHING } from './bus-publishing.ts';
import { SUBSCRIBING } from './bus-subscribing.ts';
import type { BusPromise } from './bus-trial.ts';

/** A bus to be tried, and further connections to the same one, as other processes would open them. */
export interface BusUnderTest {
  readonly bus: Bus;
  another(): Promise<Bus>;
  close(): Promise<void>;
}

/**
 * What every bus promises, whichever carries it: tried on a real one. Waits by position and lets members of a group come
 * and go; duplicates are allowed, losses and inversions are not.
 */
export function busSuite(name: string, open: () => Promise<BusUnderTest>): void {
  describe(`${name} as a bus`, () => {
    let opened: BusUnderTest;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened.close());

    const newTopic = async (): Promise<string> => {
      const topic = `spec-${randomUUID()}.events.v1`;
      await opened.bus.openTopic(topic);
      return topic;
    };
    const keeps = ([words, trial]: BusPromise): void =>
      it(words, () => trial({ bus: opened.bus, another: () => opened.another(), newTopic }));

    describe('publishing', () => PUBLISHING.forEach(keeps));
    describe('subscribing', () => SUBSCRIBING.forEach(keeps));
  });
}
