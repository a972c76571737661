import { jsonToState, stateToJson } from './state-json.ts';
import type { Store } from './store.ts';
import type { Fold } from './stream-folds.ts';

export interface Snapshots<State> {
  /** The state that a snapshot holds. @throws when it holds none. */
  read(json: object): State;
  /** Begins to write one when enough was folded since the last; false when there was no need. Never fails. */
  write(streamId: string, fold: Fold<State>): boolean;
}

/** Below, folding is cheaper than keeping snapshots. */
const ABOVE = 200;
const MAX_WRITING = 4;

const UPSERT = /* sql */ `
insert into es.snapshots as s (stream_id, version, fold_version, state) values ($1, $2, $3, $4)
on conflict (stream_id) do update
  set version = excluded.version, fold_version = excluded.fold_version, state = excluded.state
  where s.version <= excluded.version or s.fold_version <> excluded.fold_version`;

/**
 * Folded states kept so that long streams load fast. A saving, never the truth: one of another fold's version is not read,
 * one that cannot be written is left out.
 */
export function createSnapshots<State>(store: Store, foldVersion: number): Snapshots<State> {
  let writing = 0;

  const upsert = async (streamId: string, { version, state }: Fold<State>): Promise<void> => {
    writing += 1;
    try {
      await store.pool.query(UPSERT, [streamId, version, foldVersion, JSON.stringify(stateToJson(state))]);
    } catch (error) {
      store.log.warn({ err: error, streamId }, 'a snapshot was not written: the stream is read whole meanwhile');
    } finally {
      writing -= 1;
    }
  };

  return {
    read: (json) => jsonToState(json) as State,
    write(streamId, fold) {
      if (fold.sinceSnapshot <= ABOVE || writing >= MAX_WRITING) return false;
      void upsert(streamId, fold);
      return true;
    },
  };
}
