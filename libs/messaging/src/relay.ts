import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { topicOf } from '@tongchou/contracts';
import { lead, StoreRestored } from '@tongchou/event-store';
import type { FactsDatabase, LeaderTiming, Lease, Log } from '@tongchou/event-store';
import type { Bus } from './bus.ts';
import type { Translation } from './relay-messages.ts';
import { serveTerm } from './relay-term.ts';
import type { TermParts, TermProgress } from './relay-term.ts';

export interface RelayOptions extends Translation {
  readonly store: FactsDatabase;
  readonly bus: Bus;
  readonly log: Log;
  readonly watermarkEveryMs?: number;
  readonly timing?: Partial<LeaderTiming>;
}

export interface RelayStatus {
  readonly topic: string;
  /** Whether this instance publishes; one of all instances does. */
  readonly leading: boolean;
  readonly generation?: string;
  /** Facts acknowledged by the bus since this instance leads. */
  readonly published: number;
  /** Everything recorded by then is on the topic; RFC 3339. */
  readonly closedInstant?: string;
  /** The last failure, while it lasts; tried again by itself. */
  readonly trouble?: string;
  /** Why it does not go on by itself, and what to do. */
  readonly stopped?: string;
}

export interface Relay {
  status(): RelayStatus;
  /** Publishes the whole store again, in a new generation; who listens absorbs what it knows. Only where it leads. */
  republish(): void;
  stop(): Promise<void>;
}

const WATERMARK_EVERY_MS = 1_000;
const BACKOFF_MS = { first: 100, most: 5_000 };

const aborted = (signal: AbortSignal): Promise<unknown> => (signal.aborted ? Promise.resolve() : once(signal, 'abort'));

/** Publishes own events to the service's topic while this instance leads; another takes over when it cannot. */
export function startRelay(options: RelayOptions): Relay {
  const { store, bus, log, watermarkEveryMs = WATERMARK_EVERY_MS, timing = {} } = options;
  const topic = topicOf(store.service);
  const parts: TermParts = { store, bus, log, watermarkEveryMs, translation: options };
  const progress: TermProgress = { anew: false, published: 0 };
  let restart = new AbortController();

  /** Serves term after term: a failure ends one, the next finds out anew where it stands. */
  const onLead = async (lease: Lease): Promise<void> => {
    for (let waitMs = BACKOFF_MS.first; !lease.signal.aborted; waitMs = Math.min(waitMs * 2, BACKOFF_MS.most)) {
      restart = new AbortController();
      const signal = AbortSignal.any([lease.signal, restart.signal]);
      const before = progress.published;
      await serveTerm(parts, { ...lease, signal }, progress).catch((error: unknown) => {
        progress.trouble = String(error);
        if (error instanceof StoreRestored) progress.stopped = error.message;
        log.error({ err: error, topic }, 'the relay failed');
      });
      if (progress.published > before) waitMs = BACKOFF_MS.first;
      if (progress.stopped !== undefined) await aborted(signal);
      else await pause(waitMs, undefined, { signal }).catch(() => undefined);
      delete progress.stopped;
    }
    delete progress.trouble;
  };

  const leadership = lead({ store, name: 'relay', onLead, log, timing });
  return {
    status() {
      const { anew: _, ...told } = progress;
      return { topic, leading: leadership.leading(), ...told };
    },
    republish() {
      if (!leadership.leading()) throw new Error(`Another instance publishes ${topic}: ask that one to republish`);
      progress.anew = true;
      restart.abort();
    },
    stop: () => leadership.stop(),
  };
}
