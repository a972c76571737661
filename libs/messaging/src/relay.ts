import { setTimeout as pause } from 'node:timers/promises';
import { topicOf } from '@tongchou/contracts';
import { lead, StoreRestored } from '@tongchou/event-store';
import type { FactsDatabase, LeaderTiming, Lease, Log } from '@tongchou/event-store';
import type { Bus } from './bus.ts';
import { ForeignTopic } from './own-topic.ts';
import type { Translation } from './relay-messages.ts';
import { serveTerm } from './relay-term.ts';
import { openWish } from './republishing.ts';
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
  stop(): Promise<void>;
}

const WATERMARK_EVERY_MS = 1_000;
const BACKOFF_MS = { first: 100, most: 5_000 };
const STOPPED_FOR = { rests: 30, restMs: 1_000 };

/** Nothing to do about them but for a person, who may repair the cause unseen: looked at again now and then. */
const isFinal = (error: unknown): boolean => error instanceof StoreRestored || error instanceof ForeignTopic;

/** Rests after a stop: until somebody wishes a new generation, the cause may have been repaired, or the lease ends. */
async function untilWished(store: FactsDatabase, topic: string, signal: AbortSignal): Promise<void> {
  for (let rests = 0; rests < STOPPED_FOR.rests && !signal.aborted; rests += 1) {
    await pause(STOPPED_FOR.restMs, undefined, { signal }).catch(() => undefined);
    if (await openWish(store.pool, topic).catch(() => undefined)) return;
  }
}

/** Publishes own events to the service's topic while this instance leads; another takes over when it cannot. */
export function startRelay(options: RelayOptions): Relay {
  const { store, bus, log, watermarkEveryMs = WATERMARK_EVERY_MS, timing = {} } = options;
  const topic = topicOf(store.service);
  const parts: TermParts = { store, bus, log, watermarkEveryMs, translation: options };
  const progress: TermProgress = { published: 0 };

  const fail = (error: unknown): void => {
    progress.trouble = String(error);
    if (isFinal(error)) progress.stopped = error instanceof Error ? error.message : String(error);
    else delete progress.stopped;
    log.error({ err: error, topic }, 'the relay failed');
  };

  /** Serves term after term: a failure ends one, the next finds out anew where it stands. */
  const onLead = async (lease: Lease): Promise<void> => {
    const { signal } = lease;
    for (let waitMs = BACKOFF_MS.first; !signal.aborted; waitMs = Math.min(waitMs * 2, BACKOFF_MS.most)) {
      const before = progress.published;
      await serveTerm(parts, lease, progress).catch(fail);
      if (progress.published > before) waitMs = BACKOFF_MS.first;
      if (progress.stopped !== undefined) await untilWished(store, topic, signal);
      else await pause(waitMs, undefined, { signal }).catch(() => undefined);
    }
    delete progress.trouble;
    delete progress.stopped;
  };

  const leadership = lead({ store, name: 'relay', onLead, log, timing });
  return {
    status: () => ({ topic, leading: leadership.leading(), ...progress }),
    stop: () => leadership.stop(),
  };
}
