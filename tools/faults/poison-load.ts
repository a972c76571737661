import { setTimeout as pause } from 'node:timers/promises';
import type { OutgoingMessage } from '@tongchou/messaging';
import type { SentFact, SentPoison } from './poison-checker.ts';
import { messageOf, placeIn, type Poison, POISONS, streamIn } from './poison-messages.ts';
import { between } from './random.ts';

export interface PoisonLoad {
  readonly source: string;
  readonly random: () => number;
  readonly send: (messages: readonly OutgoingMessage[]) => Promise<void>;
}

/** A piece of poison as it was sent, and what puts it right. */
export interface Dose extends SentPoison {
  readonly poison: Poison;
  /** The place that it took, or, for a forgery, pretended to have. */
  readonly place: SentFact;
}

/** Shared out to two members: none of them sees so many streams wait that it would take them for a bad deploy. */
const PARTITIONS = [1, 4, 9];
const GOOD_STREAMS = 20;
const AT_ONCE = 20;
const EVERY_MS = 30;
const ONE_IN = 100;

/** Sends facts to three partitions, one in a hundred of them bad; remembers what was sent. */
export class PoisonSender {
  readonly good: SentFact[] = [];
  readonly doses: Dose[] = [];
  /** Good facts of poisoned streams, which wait behind. */
  readonly followers: SentFact[] = [];
  private readonly load: PoisonLoad;
  private readonly versions = new Map<string, number>();

  constructor(load: PoisonLoad) {
    this.load = load;
  }

  /** That many good facts; with poison, every hundredth message is bad. */
  async sendGood(many: number, poisoned: boolean): Promise<void> {
    for (let sent = 0; sent < many; sent += AT_ONCE, await pause(EVERY_MS)) {
      const facts = Array.from({ length: AT_ONCE }, () => this.nextIn(this.goodStream()));
      this.good.push(...facts);
      const messages = facts.map((fact) => messageOf(this.load.source, fact));
      if (poisoned && sent % ONE_IN === 0) messages.splice(between(this.load.random, 0, AT_ONCE), 0, ...this.dose());
      const sentat = String(Date.now());
      await this.load.send(messages.map((message) => ({ ...message, headers: { ...message.headers, sentat } })));
    }
  }

  private goodStream(): string {
    const nth = between(this.load.random, 0, GOOD_STREAMS * PARTITIONS.length);
    return streamIn(PARTITIONS[nth % PARTITIONS.length] ?? 0, `good ${nth}`);
  }

  private nextIn(stream: string): SentFact {
    const version = (this.versions.get(stream) ?? 0) + 1;
    this.versions.set(stream, version);
    return placeIn(stream, version);
  }

  /** The next kind in the next partition; in its stream a good fact goes before and one behind. */
  private dose(): OutgoingMessage[] {
    const nth = this.doses.length;
    const poison = POISONS[nth % POISONS.length];
    const partition = PARTITIONS[Math.floor(nth / POISONS.length) % PARTITIONS.length];
    if (!poison || partition === undefined) return [];
    const { source } = this.load;
    const stream = streamIn(partition, `poisoned by ${poison.kind}`);
    const before = this.nextIn(stream);
    const place = poison.reason === 'forked' ? placeIn(stream, before.version) : this.nextIn(stream);
    const behind = this.nextIn(stream);
    this.followers.push(before, behind);
    const { kind } = poison;
    // A stream that has forked is held: a second forgery waits in it like everything else.
    const held = poison.reason === 'forked' && this.doses.some((dose) => dose.place.stream === stream);
    const reason = held ? 'behind' : poison.reason;
    this.doses.push({ kind, eventId: place.eventId, poison, place, ...(reason !== undefined && { reason }) });
    return [messageOf(source, before), poison.message(source, place), messageOf(source, behind)];
  }
}
