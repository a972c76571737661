import { topicOf } from '@tongchou/contracts';
import { ledBySomebody, migrationTrouble, readProgress, type ReaderProgress, type Store } from '@tongchou/event-store';
import {
  countParked,
  messagesBehind,
  PARTITIONS,
  readOutbox,
  readReceived,
  type Bus,
  type Outbox,
  type ParkedCount,
} from '@tongchou/messaging';
import { LastAnswer } from './last-answer.ts';

/** How far the facts of one other service have come. */
export interface Hearing {
  readonly source: string;
  /** Messages on the bus that have had no effect here; `undefined` while the bus does not answer. */
  readonly waiting: number | undefined;
  readonly lagSeconds: number | undefined;
  /** Changes when something is received, and only then. */
  readonly place: string;
}

/** What a service's database and bus say of it, the same on every instance. */
export interface VitalSigns {
  readonly migrations: readonly string[];
  /** Names of what some instance leads. */
  readonly led: ReadonlySet<string>;
  readonly outbox: Outbox;
  readonly readers: readonly ReaderProgress[];
  readonly hearing: readonly Hearing[];
  readonly parked: readonly ParkedCount[];
}

/** What an instance may lead. */
export const ROLES = ['relay', 'runner', 'policies'] as const;

/** Looks at them: a dozen statements, each by an index, and two questions to the bus that it waits for a little. */
export function vitalSignsOf(store: Store, bus: Bus, listensTo: readonly string[]): () => Promise<VitalSigns> {
  const checkpoint = new LastAnswer(() => bus.checkpoint(topicOf(store.service)));
  const ends = new Map(listensTo.map((source) => [source, new LastAnswer(() => bus.ends(topicOf(source)))]));
  const hearing = async (): Promise<Hearing[]> => {
    const received = await readReceived(store.pool, listensTo, PARTITIONS);
    return Promise.all(
      received.map(async ({ source, next, lagSeconds }) => {
        const found = await ends.get(source)?.ask();
        return { source, lagSeconds, place: next.join(), waiting: found && messagesBehind(found, next) };
      }),
    );
  };
  return async () => ({
    migrations: await migrationTrouble(store),
    led: await ledBySomebody(store.pool, ROLES),
    outbox: await readOutbox(store, (await checkpoint.ask()) ?? checkpoint.last),
    readers: await readProgress(store.pool),
    hearing: await hearing(),
    parked: await countParked(store.pool, listensTo),
  });
}
