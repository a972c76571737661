import type { ParkReason } from './judge-message.ts';

/** A message of one stream, in the order of its partition, as far as its place is known. */
export interface Arrival {
  readonly version: number | undefined;
  readonly eventId: string | undefined;
  /** Why it cannot be stored, if so. */
  readonly fault: { readonly reason: ParkReason; readonly detail: string } | undefined;
}

/** A message of the stream that waits in `es.parked`. */
export interface Waiting {
  readonly id: string;
  readonly version: number | undefined;
  readonly eventId: string | undefined;
  readonly reason: ParkReason;
}

/** What is stored of a stream: its last version, the ids of the versions that were asked for, and what waits. */
export interface StreamState {
  readonly last: number;
  readonly known: ReadonlyMap<number, string>;
  readonly waiting: readonly Waiting[];
}

export type Origin<Item extends Arrival> = { readonly arrived: Item } | { readonly parkedId: string };

export interface Settlement<Item extends Arrival> {
  /** In the order of the stream, without gaps. */
  readonly insert: readonly Origin<Item>[];
  readonly park: readonly { readonly item: Item; readonly reason: ParkReason; readonly detail: string }[];
  /** Parked messages that wait no longer: inserted now, or known meanwhile. */
  readonly released: readonly string[];
  /** Parked messages that turn out to contradict what is stored. */
  readonly forked: readonly string[];
  readonly skipped: number;
}

interface Entry<Item extends Arrival> {
  readonly origin: Origin<Item>;
  readonly version: number | undefined;
  readonly eventId: string | undefined;
  /** Undefined = sound: it waits for nothing but its turn. */
  fault: { readonly reason: ParkReason; readonly detail: string } | undefined;
}

const FORKED = { reason: 'forked', detail: 'another event is stored under its version' } as const;

const isSound = (reason: ParkReason): boolean => reason === 'gap' || reason === 'behind';

/** One stream while it is settled. Only the next version is ever inserted: that alone keeps the order and finds gaps. */
class Settling<Item extends Arrival> {
  readonly insert: Origin<Item>[] = [];
  readonly released: string[] = [];
  readonly nowForked: string[] = [];
  skipped = 0;
  private last: number;
  private readonly known: Map<number, string>;
  private entries: Entry<Item>[];

  constructor({ last, known, waiting }: StreamState) {
    this.last = last;
    this.known = new Map(known);
    this.entries = waiting.map(({ id, version, eventId, reason }) => ({
      origin: { parkedId: id },
      version,
      eventId,
      fault: isSound(reason) ? undefined : { reason, detail: '' },
    }));
  }

  add(item: Item): void {
    const { version, eventId, fault } = item;
    if (version !== undefined && this.known.has(version) && this.known.get(version) === eventId) {
      this.skipped += 1;
    } else if (this.isWaiting(item)) {
      this.skipped += 1;
    } else {
      this.entries.push({ origin: { arrived: item }, version, eventId, fault });
      this.drain();
    }
  }

  /** Inserts what is next for as long as something is. A fork holds its stream until somebody has looked. */
  drain(): void {
    for (let next: Entry<Item> | undefined; ;) {
      this.clearUp();
      if (this.entries.some(({ fault }) => fault?.reason === 'forked')) return;
      next = this.entries.find(({ version, fault }) => !fault && version === this.last + 1);
      if (!next || next.eventId === undefined) return;
      this.insert.push(next.origin);
      this.last += 1;
      this.known.set(this.last, next.eventId);
      if ('arrived' in next.origin) this.entries.splice(this.entries.indexOf(next), 1);
    }
  }

  parked(): Settlement<Item>['park'] {
    return this.entries.flatMap((entry) => {
      if (!('arrived' in entry.origin)) return [];
      return [{ item: entry.origin.arrived, ...(entry.fault ?? this.turnOf(entry)) }];
    });
  }

  private isWaiting({ version, eventId, fault }: Item): boolean {
    return this.entries.some(
      (entry) =>
        entry.eventId !== undefined &&
        entry.eventId === eventId &&
        entry.version === version &&
        (fault !== undefined || !entry.fault || entry.fault.reason === 'forked'),
    );
  }

  /** Entries at or below the last version: known ones wait no longer, others contradict. */
  private clearUp(): void {
    this.entries = this.entries.filter((entry) => {
      if (entry.version === undefined || entry.version > this.last || entry.fault?.reason === 'forked') return true;
      if (this.known.get(entry.version) === entry.eventId) {
        if ('parkedId' in entry.origin) this.released.push(entry.origin.parkedId);
        return false;
      }
      if (!entry.fault) {
        entry.fault = FORKED;
        if ('parkedId' in entry.origin) this.nowForked.push(entry.origin.parkedId);
      }
      return true;
    });
  }

  private turnOf({ version = 0 }: Entry<Item>): { reason: ParkReason; detail: string } {
    const ahead = this.entries.some((other) => other.version === undefined || other.version < version);
    const detail = `version ${version} waits for version ${this.last + 1}`;
    return { reason: ahead ? 'behind' : 'gap', detail };
  }
}

/**
 * What becomes of arrivals of one stream. Pure. A known version with the same id is skipped, with another id the stream has
 * forked; the next version is inserted, and after it whatever waited for it; anything else waits.
 */
export function settleStream<Item extends Arrival>(state: StreamState, arrivals: readonly Item[]): Settlement<Item> {
  const settling = new Settling<Item>(state);
  settling.drain();
  for (const item of arrivals) settling.add(item);
  return {
    insert: settling.insert,
    park: settling.parked(),
    released: settling.released,
    forked: settling.nowForked,
    skipped: settling.skipped,
  };
}
