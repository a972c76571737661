import { performance } from 'node:perf_hooks';
import type { SubscriptionStatus } from './bus.ts';

/** A partition that this member holds since the group was last shared out. */
export interface Held {
  readonly topic: string;
  readonly partition: number;
  /** Where reading goes on; unknown until the first batch where nobody said. */
  position: number | undefined;
  /** What lies between the position and here was passed: it holds no message. */
  passedTo: number | undefined;
  since: number;
  /** The hint that the broker has. */
  told: number | undefined;
  working: Promise<unknown> | undefined;
  lastSign: number;
  lost: boolean;
}

/** The partitions of one member. */
export class HeldPartitions {
  private held = new Map<string, Held>();

  add(topic: string, partition: number): Held {
    const fresh = {
      position: undefined,
      passedTo: undefined,
      since: 0,
      told: undefined,
      working: undefined,
      lastSign: 0,
      lost: false,
    };
    const held: Held = { topic, partition, ...fresh };
    this.held.set(nameOf(topic, partition), held);
    return held;
  }

  get(topic: string, partition: number): Held | undefined {
    return this.held.get(nameOf(topic, partition));
  }

  list(): SubscriptionStatus['assigned'] {
    return [...this.held.values()].map(({ topic, partition, position = 0 }) => ({ topic, partition, position }));
  }

  /** Batches under way are stale from now on: nothing they do may move anything. Answers what was held. */
  loseAll(): Pick<HeldPartitions, 'get'> {
    const before = this.held;
    for (const held of before.values()) held.lost = true;
    this.held = new Map();
    return { get: (topic, partition) => before.get(nameOf(topic, partition)) };
  }

  stuck(afterMs: number): string | undefined {
    const now = performance.now();
    const stuck = [...this.held.values()].find(({ working, lastSign }) => working && now - lastSign > afterMs);
    return stuck && `the handler of ${nameOf(stuck.topic, stuck.partition)} gives no sign`;
  }

  /** Those that the broker has no or an older hint of. */
  untold(): { readonly held: Held; readonly position: number }[] {
    return [...this.held.values()].flatMap((held) =>
      held.position === undefined || held.position === held.told ? [] : [{ held, position: held.position }],
    );
  }

  async worksDone(): Promise<void> {
    await Promise.all([...this.held.values()].flatMap(({ working }) => working ?? []));
  }
}

const nameOf = (topic: string, partition: number): string => `${topic}/${partition}`;
