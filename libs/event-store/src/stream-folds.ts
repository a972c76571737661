import type { Decider, Rejection, Tagged } from '@tongchou/kernel';
import { LRUCache } from 'lru-cache';
import type { Codec } from './codec.ts';
import { Unavailable } from './errors.ts';
import { createSnapshots } from './snapshots.ts';
import type { Store } from './store.ts';
import { type CommandKey, createStreamLoader, type LoadedStream, type StoredCommand } from './stream-load.ts';

/** A stream's state at a version, and how many events were folded to it since its snapshot. */
export interface Fold<State> {
  readonly state: State;
  readonly version: number;
  readonly sinceSnapshot: number;
}

export interface FreshFold<State> {
  readonly fold: Fold<State>;
  /** Outcomes kept under the command ids asked for, seen at the same moment as the fold. */
  readonly commands: readonly StoredCommand[];
}

export interface StreamFolds<State> {
  /** Of a stream without events. */
  readonly nothing: Fold<State>;
  cached(streamId: string): Fold<State> | undefined;
  /** Reads what is new and folds it over what is known. */
  refresh(streamId: string, commands?: readonly CommandKey[]): Promise<FreshFold<State>>;
  /** Remembers a fold whose events are committed; makes a snapshot when it has become long. */
  keep(streamId: string, fold: Fold<State>): void;
  forget(streamId: string): void;
}

export interface StreamFoldsOptions<Command extends Tagged, Event extends Tagged, State, Refusal extends Rejection> {
  readonly store: Store;
  readonly decider: Decider<Command, Event, State, Refusal>;
  readonly codec: Codec;
  /** Streams remembered, those used last. */
  readonly cacheSize: number;
}

/** The cached, folded states of one aggregate's streams. */
export function createStreamFolds<Command extends Tagged, Event extends Tagged, State, Refusal extends Rejection>(
  options: StreamFoldsOptions<Command, Event, State, Refusal>,
): StreamFolds<State> {
  const { store, decider, codec } = options;
  const load = createStreamLoader(store);
  const snapshots = createSnapshots<State>(store, decider.foldVersion);
  const cache = new LRUCache<string, Fold<State>>({ max: options.cacheSize });
  const nothing: Fold<State> = { state: decider.initial, version: 0, sinceSnapshot: 0 };

  const foldOver = (from: Fold<State>, { events }: LoadedStream): Fold<State> => {
    let { state, version } = from;
    for (const event of events) {
      if (event.version !== version + 1) throw new Error(`A stream has a hole behind version ${version}`);
      state = decider.evolve(state, codec.decode(event.type, event.schemaVersion, event.data) as Event);
      version = event.version;
    }
    return { state, version, sinceSnapshot: from.sinceSnapshot + events.length };
  };

  const startOf = (from: Fold<State>, { snapshot }: LoadedStream): Fold<State> =>
    snapshot ? { state: snapshots.read(snapshot.state), version: snapshot.version, sinceSnapshot: 0 } : from;

  /** Pages until the end; the last page tells the command ids. */
  const readOn = async (
    streamId: string,
    from: Fold<State>,
    commands: readonly CommandKey[],
    foldVersion: number | undefined,
  ): Promise<FreshFold<State>> => {
    const asked = { streamId, after: from.version, commands, ...(foldVersion !== undefined && { foldVersion }) };
    const answer = await load(asked);
    const fold = foldOver(startOf(from, answer), answer);
    return answer.complete ? { fold, commands: answer.commands } : readOn(streamId, fold, commands, undefined);
  };

  const keep = (streamId: string, fold: Fold<State>): void => {
    if ((cache.peek(streamId)?.version ?? -1) > fold.version) return;
    const written = snapshots.write(streamId, fold);
    cache.set(streamId, written ? { ...fold, sinceSnapshot: 0 } : fold);
  };

  return {
    nothing,
    cached: (streamId) => cache.get(streamId),
    keep,
    forget: (streamId) => cache.delete(streamId),
    async refresh(streamId, commands = []) {
      const known = cache.get(streamId);
      const fresh = known
        ? await readOn(streamId, known, commands, undefined)
        : await readOn(streamId, nothing, commands, decider.foldVersion).catch((error: unknown) => {
            if (error instanceof Unavailable) throw error;
            // A snapshot may be unreadable, or break the fold: history without it is the truth.
            return readOn(streamId, nothing, commands, undefined);
          });
      keep(streamId, fresh.fold);
      return fresh;
    },
  };
}
