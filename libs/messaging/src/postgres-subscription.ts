import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { Listener, Log } from '@tongchou/event-store';
import type { Pool } from 'pg';
import type { PartitionBatch, SubscribeOptions, Subscription, SubscriptionStatus } from './bus.ts';
import { fetchMessages, nameOf, readHints, readRanges, registerGroup } from './postgres-fetch.ts';
import type { PartitionRange } from './postgres-fetch.ts';
import { joinGroup, silentMembers } from './postgres-membership.ts';
import type { Membership, PartitionName } from './postgres-membership.ts';

export interface SubscriptionTiming {
  readonly heartbeatMs: number;
  /** A member that is silent for so long loses its partitions. */
  readonly sessionMs: number;
  /** A handler that gives no sign for so long makes the subscription unhealthy. */
  readonly stuckMs: number;
}

export const SUBSCRIPTION_TIMING: SubscriptionTiming = { heartbeatMs: 1_000, sessionMs: 10_000, stuckMs: 20_000 };

const POLL_MS = 50;
const BATCHES_AT_ONCE = 4;
const PAUSE_AFTER_FAILURE_MS = 1_000;
const REJOIN_MS = { first: 100, most: 5_000 };
const CLOSE_MS = 10_000;
const ALONE_MS = 15_000;

/** A partition that this member holds. */
interface Held extends PartitionName {
  position: number;
  since: number;
  /** The hint that is stored. */
  stored: number;
  working: Promise<void> | undefined;
  lastSign: number;
  pausedUntil: number;
  leaving: boolean;
  lost: boolean;
}

export interface SubscriptionParts {
  readonly url: string;
  readonly pool: Pool;
  readonly ear: Listener;
  readonly log: Log;
  readonly timing: SubscriptionTiming;
}

/** One member of a group: holds its share of the partitions and hands out their batches, one a partition at a time. */
export class PostgresSubscription implements Subscription {
  private readonly parts: SubscriptionParts;
  private readonly options: SubscribeOptions;
  private readonly held = new Map<string, Held>();
  private readonly closing = new AbortController();
  private bell = new AbortController();
  private membership: Membership | undefined;
  private aloneSince = performance.now();
  private trouble: string | undefined;
  private loops: Promise<unknown> = Promise.resolve();

  constructor(parts: SubscriptionParts, options: SubscribeOptions) {
    this.parts = parts;
    this.options = options;
  }

  /** Makes the group known and begins. Rejects when the bus cannot be reached now. */
  async start(): Promise<this> {
    await registerGroup(this.parts.pool, this.options.group, this.options.topics);
    this.loops = Promise.all([this.stayMember(), this.pump()]);
    return this;
  }

  status(): SubscriptionStatus {
    const now = performance.now();
    const stuck = [...this.held.values()].find(
      ({ working, lastSign }) => working && now - lastSign > this.parts.timing.stuckMs,
    );
    const alone = !this.membership?.alive() && now - this.aloneSince > ALONE_MS;
    const assigned = [...this.held.values()].map(({ topic, partition, position }) => ({ topic, partition, position }));
    if (stuck) return { healthy: false, assigned, reason: `the handler of ${nameOf(stuck)} gives no sign` };
    if (!alone) return { healthy: true, assigned };
    return { healthy: false, assigned, reason: `no place in the group: ${this.trouble ?? 'not joined yet'}`, alone };
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.bell.abort();
    await this.loops;
    this.parts.ear.close();
  }

  private async stayMember(): Promise<void> {
    const { url, log, timing } = this.parts;
    const { group } = this.options;
    const silent = silentMembers(group, timing.sessionMs);
    for (let waitMs = REJOIN_MS.first; !this.closing.signal.aborted; waitMs = Math.min(waitMs * 2, REJOIN_MS.most)) {
      try {
        this.membership = await joinGroup({ url, group, sessionMs: timing.sessionMs, silent });
        await this.takePart(this.membership, () => (waitMs = REJOIN_MS.first));
      } catch (error) {
        this.trouble = String(error);
        log.warn({ err: error, group }, 'lost its place in the group, joins again');
      }
      await this.stepBack();
      await this.nap(waitMs);
    }
  }

  private async takePart(membership: Membership, settled: () => void): Promise<void> {
    while (!this.closing.signal.aborted && membership.alive()) {
      await this.rebalance(membership);
      settled();
      this.aloneSince = performance.now();
      await this.nap(this.parts.timing.heartbeatMs);
    }
    if (!this.closing.signal.aborted) throw new Error('the session ended or was silent too long');
    await this.finishWork();
    await this.storeHints(membership);
  }

  /** Without a session nothing is held any more: batches under way are stale. */
  private async stepBack(): Promise<void> {
    for (const held of this.held.values()) held.lost = true;
    this.held.clear();
    await this.membership?.leave();
    this.membership = undefined;
  }

  private async finishWork(): Promise<void> {
    const works = [...this.held.values()].flatMap(({ working }) => working ?? []);
    const late = new AbortController();
    const limit = pause(CLOSE_MS, undefined, { signal: late.signal }).catch(() => undefined);
    await Promise.race([Promise.all(works), limit]);
    late.abort();
  }

  private async rebalance(membership: Membership): Promise<void> {
    const { index, members } = await membership.beat();
    const all = await readRanges(this.parts.pool, this.options.topics);
    const share = new Set(all.filter((_, place) => place % members === index).map(nameOf));
    for (const [name, held] of this.held) held.leaving = !share.has(name);
    await this.storeHints(membership);
    await this.giveBack(membership);
    const wanted = all.filter((range) => share.has(nameOf(range)) && !this.held.has(nameOf(range)));
    if (wanted.length > 0) await this.take(membership, wanted);
  }

  private async storeHints(membership: Membership): Promise<void> {
    const moved = [...this.held.values()].filter(({ position, stored }) => position !== stored);
    if (moved.length === 0) return;
    const stored = moved.map((held) => ({ held, position: held.position }));
    await membership.store(stored.map(({ held: { topic, partition }, position }) => ({ topic, partition, position })));
    for (const { held, position } of stored) held.stored = position;
  }

  private async giveBack(membership: Membership): Promise<void> {
    const done = [...this.held.values()].filter(({ leaving, working }) => leaving && !working);
    if (done.length === 0) return;
    for (const held of done) this.held.delete(nameOf(held));
    await membership.giveBack(done);
  }

  private async take(membership: Membership, wanted: readonly PartitionName[]): Promise<void> {
    const { group, topics, startAt } = this.options;
    const taken = await membership.take(wanted);
    if (taken.length === 0) return;
    const hints = await readHints(this.parts.pool, group, topics);
    const starts = await Promise.all(taken.map(async ({ topic, partition }) => startAt?.(topic, partition)));
    taken.forEach((name, place) => {
      const stored = hints.get(nameOf(name)) ?? 0;
      const position = starts[place] ?? stored;
      this.held.set(nameOf(name), {
        ...name,
        position,
        since: position,
        stored,
        working: undefined,
        lastSign: 0,
        pausedUntil: 0,
        leaving: false,
        lost: false,
      });
    });
    this.bell.abort();
  }

  /** Looks for news until closed: after each announcement, after each batch, and at least every 50 ms. */
  private async pump(): Promise<void> {
    const { ear, log, pool } = this.parts;
    while (!this.closing.signal.aborted) {
      this.bell = new AbortController();
      try {
        if (this.held.size > 0) this.handOut(await readRanges(pool, this.options.topics));
        await ear.wait(POLL_MS, AbortSignal.any([this.bell.signal, this.closing.signal]));
      } catch (error) {
        log.warn({ err: error }, 'the bus cannot be read, tries again');
        await this.nap(PAUSE_AFTER_FAILURE_MS);
      }
    }
  }

  private handOut(ranges: readonly PartitionRange[]): void {
    let free = BATCHES_AT_ONCE - [...this.held.values()].filter(({ working }) => working !== undefined).length;
    const now = performance.now();
    for (const range of ranges) {
      const held = this.held.get(nameOf(range));
      if (!held || held.working || held.leaving || held.pausedUntil > now) continue;
      this.keepInRange(held, range);
      if (held.position >= range.end || free === 0) continue;
      free -= 1;
      held.lastSign = now;
      held.working = this.work(held, range).finally(() => {
        held.working = undefined;
        this.bell.abort();
      });
    }
  }

  private keepInRange(held: Held, { first, end }: PartitionRange): void {
    if (held.position >= first && held.position <= end) return;
    // At the very start of a log this is how everybody begins; elsewhere the topic was cut or made anew.
    if (held.position !== 0)
      this.parts.log.warn({ ...held, first, end }, 'offset out of range: reads from the earliest');
    held.position = first;
    held.since = 0;
  }

  private async work(held: Held, range: PartitionRange): Promise<void> {
    try {
      const messages = await fetchMessages(this.parts.pool, range, held.position);
      const last = messages.at(-1);
      if (!last) held.position = range.end;
      else await this.deliver(held, { ...range, messages, to: last.offset + 1 });
    } catch (error) {
      held.pausedUntil = performance.now() + PAUSE_AFTER_FAILURE_MS;
      this.parts.log.error({ err: error, ...range }, 'a batch was not handled: it comes again');
    }
  }

  private async deliver(
    held: Held,
    read: PartitionName & { messages: PartitionBatch['messages']; to: number; end: number },
  ): Promise<void> {
    const { topic, partition, messages, to, end } = read;
    const membership = this.membership;
    let next: () => void = () => (held.position = to);
    await this.options.onBatch({
      topic,
      partition,
      messages,
      from: held.position,
      to,
      since: held.since,
      highWatermark: end,
      heartbeat: async () => {
        held.lastSign = performance.now();
      },
      isStale: () => held.lost || !membership?.alive(),
      seek: (offset) => (next = () => (held.position = held.since = offset)),
      retryLater: (pauseMs) => (next = () => (held.pausedUntil = performance.now() + pauseMs)),
    });
    next();
  }

  private nap(ms: number): Promise<unknown> {
    return pause(ms, undefined, { signal: this.closing.signal }).catch(() => undefined);
  }
}
