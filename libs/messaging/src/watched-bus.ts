import { databaseErrorKind, sqlState } from '@tongchou/event-store';
import { StaleCheckpoint } from './bus.ts';
import type { Bus } from './bus.ts';
import { isKafkaError } from './kafka-trouble.ts';

/** A bus that is asked how it is. */
export interface WatchedBus {
  readonly bus: Bus;
  /** Whether a failure, told as text, is one that the bus gave when it was last asked. */
  gave(trouble: string): boolean;
}

/** What is wrong with our own messages or our own right to publish is no trouble of the bus. */
function isOurs(error: unknown): boolean {
  if (error instanceof StaleCheckpoint || isKafkaError(error, 'MESSAGE_TOO_LARGE', 'INVALID_RECORD')) return true;
  return sqlState(error) !== undefined && databaseErrorKind(error) === 'data';
}

/** Remembers the last failure of each kind of question until the same kind succeeds. Changes nothing. */
export function watchBus(bus: Bus): WatchedBus {
  const troubles = new Map<string, string>();
  const watched =
    <Args extends readonly unknown[], Answer>(kind: string, ask: (...args: Args) => Promise<Answer>) =>
    async (...args: Args): Promise<Answer> => {
      try {
        const answer = await ask(...args);
        troubles.delete(kind);
        return answer;
      } catch (error) {
        if (!isOurs(error)) troubles.set(kind, error instanceof Error ? error.message : String(error));
        throw error;
      }
    };
  return {
    bus: {
      ...bus,
      openTopic: watched('topic', bus.openTopic),
      ends: watched('ends', bus.ends),
      checkpoint: watched('checkpoint', bus.checkpoint),
      publish: watched('publish', bus.publish),
    },
    gave: (trouble) => [...troubles.values()].some((text) => trouble.includes(text)),
  };
}
