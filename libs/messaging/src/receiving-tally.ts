import { performance } from 'node:perf_hooks';
import type { Log } from '@tongchou/event-store';
import type { Effect } from './effect.ts';

const MOST_STALLED_STREAMS = 20;
const MINUTE_MS = 60_000;

export interface ReceivingStatus {
  /** Why nothing is received any more; a restart tries again. */
  readonly stopped?: string;
  /** The last failure, while it lasts; tried again by itself. */
  readonly trouble?: string;
  readonly received: number;
  /** Known already. */
  readonly skipped: number;
  readonly parked: number;
  /** Stored without a contract here; a later version of this service may know them. */
  readonly unknownTypes: number;
}

/** Counts and alarms of one process's receiving. */
export class ReceivingTally {
  private readonly log: Log;
  private readonly mostStalled: number;
  private readonly counts = { received: 0, skipped: 0, parked: 0, unknownTypes: 0 };
  private readonly stalledAt = new Map<string, number>();
  private readonly strangers = new Set<string>();
  private stopped: string | undefined;
  private trouble: string | undefined;

  constructor(log: Log, mostStalled: number = MOST_STALLED_STREAMS) {
    this.log = log;
    this.mostStalled = mostStalled;
  }

  isStopped(): boolean {
    return this.stopped !== undefined;
  }

  status(): ReceivingStatus {
    const { stopped, trouble } = this;
    return { ...this.counts, ...(stopped !== undefined && { stopped }), ...(trouble !== undefined && { trouble }) };
  }

  failed(error: unknown, place: object): void {
    this.trouble = String(error);
    this.log.error({ err: error, ...place }, 'a batch was not received: it comes again');
  }

  took(source: string, { settled, alone }: Exclude<Effect, { readonly seek: number }>): void {
    const { inserted, skipped, parked, healed, stalled, forked } = settled;
    this.trouble = undefined;
    this.counts.received += inserted.length;
    this.counts.skipped += skipped;
    this.counts.parked += parked.length + alone.length;
    this.counts.unknownTypes += inserted.filter(({ contract }) => contract === 'unknown').length;
    for (const { message, streamId, version, reason, detail } of [...parked, ...alone]) {
      this.log.warn({ source, streamId, version, offset: message.offset, reason, detail }, 'a message was parked');
    }
    if (forked.length > 0)
      this.log.error({ source, streams: forked }, 'streams have forked: two histories of one thing');
    this.watch(source, stalled, healed);
  }

  /** Two cities on one bus, or a service whose store was emptied and filled anew. */
  heardStranger(source: string, origin: string): void {
    const trouble =
      `another store of ${source} (origin ${origin}) speaks on its topic than the one whose facts are known here: what it says ` +
      `is passed over. Give each city a bus of its own; a ${source} that began anew needs listeners that do so too.`;
    if (!this.strangers.has(origin)) this.log.error({ source, origin }, trouble);
    this.strangers.add(origin);
    this.trouble = trouble;
  }

  private watch(source: string, stalled: readonly string[], healed: readonly string[]): void {
    const now = performance.now();
    for (const stream of stalled) this.stalledAt.set(`${source}/${stream}`, now);
    for (const stream of healed) this.stalledAt.delete(`${source}/${stream}`);
    for (const [stream, at] of this.stalledAt) if (now - at > MINUTE_MS) this.stalledAt.delete(stream);
    if (this.stalledAt.size <= this.mostStalled || this.stopped !== undefined) return;
    this.stopped =
      `${this.stalledAt.size} streams were parked within a minute, more than ${this.mostStalled}: a bad deploy rather ` +
      'than bad data. Look at what is parked (npm run parked), deploy what knows it, restart, release.';
    this.log.error({ source, streams: this.stalledAt.size }, this.stopped);
  }
}
