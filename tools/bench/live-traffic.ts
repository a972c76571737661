import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { createAppender, fingerprintOf, newEventId, type Store } from '@tongchou/event-store';

/** Appends that come in while something else is measured. */
export interface LiveTraffic {
  /** Ends it, and answers how many a second came in. @throws when one was not appended. */
  stop(): Promise<number>;
}

export interface LiveTrafficPlan {
  readonly eventsPerSecond: number;
  readonly streamType: string;
  readonly type: string;
  readonly data: object;
}

/** Steady appends of one event to new streams; they do not wait for each other's answers. */
export function startLiveTraffic(store: Store, plan: LiveTrafficPlan): LiveTraffic {
  const appender = createAppender(store);
  const { eventsPerSecond, streamType, type, data } = plan;
  const ending = new AbortController();
  const under: Promise<void>[] = [];

  async function append(): Promise<void> {
    const commandId = randomUUID();
    const metadata = { correlationId: commandId, causationId: commandId, commandId, actor: { subject: 'demo' } };
    const event = { eventId: newEventId(), type, schemaVersion: 1 };
    const texts = { data: JSON.stringify(data), metadata: JSON.stringify(metadata) };
    const command = { scope: 'demo', commandId, fingerprint: fingerprintOf(data), kept: true };
    const commands = [{ ...command, events: [{ ...event, ...texts }] }];
    const answer = await appender.append({ streamId: newEventId(), streamType, expectedVersion: 0, commands });
    if (!answer.appended) throw new Error('The engine did not append');
  }

  const began = performance.now();
  const coming = (async () => {
    while (!ending.signal.aborted) {
      const dueMs = began + (under.length * 1_000) / eventsPerSecond - performance.now();
      if (dueMs > 1) await pause(dueMs);
      const appending = append();
      appending.catch(() => undefined);
      under.push(appending);
    }
  })();
  return {
    async stop() {
      ending.abort();
      await coming;
      const ms = performance.now() - began;
      await Promise.all(under);
      return (under.length * 1_000) / ms;
    },
  };
}
