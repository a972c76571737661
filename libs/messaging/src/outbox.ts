import { FROM_THE_START, readBacklog } from '@tongchou/event-store';
import type { Backlog, FactsDatabase } from '@tongchou/event-store';
import type { RelayCheckpoint } from './bus.ts';
import { cursorOf } from './relay-messages.ts';

/** Own events that the bus has not acknowledged. */
export interface Outbox extends Backlog {
  /** Changes when something is published, and only then. */
  readonly place: string;
}

/** What lies behind the relay's checkpoint; everything while there is none. */
export async function readOutbox(
  store: Pick<FactsDatabase, 'pool'>,
  checkpoint: RelayCheckpoint | undefined,
): Promise<Outbox> {
  const cursor = checkpoint ? cursorOf(checkpoint.cursor) : FROM_THE_START;
  const backlog = await readBacklog(store.pool, cursor, ['events']);
  return { ...backlog, place: `${checkpoint?.generation} ${checkpoint?.cursor}` };
}
