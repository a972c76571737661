import { performance } from 'node:perf_hooks';
import type { Claim } from '@tongchou/kernel';
import { appendParameters, type AppendRow, byStreamId, readAnswer } from './append-parameters.ts';
import { APPEND, APPEND_GUARDED } from './append-statement.ts';
import { createCoalescer } from './coalescer.ts';
import { noMeters, type StoreMeters } from './meters.ts';
import { runPrepared } from './prepared.ts';
import type { Store } from './store.ts';

export interface EventToAppend {
  /** A UUID; see `newEventId`. */
  readonly eventId: string;
  readonly type: string;
  readonly schemaVersion: number;
  /** JSON. */
  readonly data: string;
  /** JSON of `FactMetadata`. */
  readonly metadata: string;
}

export type ClaimKey = Pick<Claim, 'kind' | 'key'>;

/** What one command adds to its stream, and the id under which its outcome is kept. */
export interface CommandToAppend {
  /** Whose command ids these are; the same id in two scopes is two ids. */
  readonly scope: string;
  readonly commandId: string;
  readonly fingerprint: Buffer;
  /** False for a refused one: its id must be unknown, and stays so. */
  readonly kept: boolean;
  /** JSON of what is told again when the id comes again. */
  readonly result?: string;
  /** None: nothing to do. */
  readonly events: readonly EventToAppend[];
  readonly claims?: readonly ClaimKey[];
  /** `recorded_at` of the fact that this command answers: no event of it is recorded before. */
  readonly notBefore?: string;
}

/** Commands of one stream, decided in this order on the state at `expectedVersion`. 0 = the stream must not exist. */
export interface StreamAppend {
  readonly streamId: string;
  readonly streamType: string;
  readonly expectedVersion: number;
  readonly commands: readonly CommandToAppend[];
}

/**
 * Appended: the stream stood at the expected version, no command id was known, all claims are the stream's own now.
 * Otherwise nothing of it was stored: another version, a known command id, or names that other streams hold.
 */
export type AppendAnswer =
  | { readonly appended: true }
  | { readonly appended: false; readonly knownCommand: boolean; readonly claimed: readonly ClaimKey[] };

export interface Appender {
  /**
   * All or nothing for this stream; other streams in the same statement neither help nor hinder it. Without events it
   * proves that the version is still the expected one, and keeps the command ids.
   *
   * @throws Unavailable when it is unknown whether it was stored; PostgreSQL's error when the data is refused.
   */
  append(stream: StreamAppend): Promise<AppendAnswer>;
}

const NOT_APPENDED: AppendAnswer = { appended: false, knownCommand: false, claimed: [] };
const CLOCKS_DIFFER = 'a fact was recorded more than 5 s ahead of this clock: check clocks';
const MOST = { count: 200, bytes: 1_000_000 };
const MAX_IN_FLIGHT = 2;
const MAX_WAITING = 20_000;

const eventsOf = ({ commands }: StreamAppend): number => commands.reduce((sum, { events }) => sum + events.length, 0);

const bytesOf = ({ data, metadata }: EventToAppend): number => data.length + metadata.length;

/** Appends to the store's events; concurrent calls of one process share statements. */
export function createAppender(store: Store, meters: StoreMeters = noMeters): Appender {
  const run = async (streams: readonly StreamAppend[]): Promise<readonly AppendAnswer[]> => {
    const sorted = streams.toSorted(byStreamId);
    const { values, guarded } = appendParameters(sorted);
    const [name, text] = guarded ? ['append guarded', APPEND_GUARDED] : ['append', APPEND];
    const began = performance.now();
    const [row] = await runPrepared<AppendRow>(store.hotPool, name, text, values);
    if (!row) throw new RangeError('The append answered no row');
    const { answers, ahead } = readAnswer(sorted, row);
    if (ahead > 0) store.log.warn({ streams: ahead }, CLOCKS_DIFFER);
    const stored = sorted.reduce((sum, stream, at) => (answers[at]?.appended ? sum + eventsOf(stream) : sum), 0);
    meters.appended(stored, (performance.now() - began) / 1_000);
    if (stored > 0) store.wake.announce('facts');
    const answerOf = new Map(sorted.map((stream, at) => [stream, answers[at]]));
    return streams.map((stream) => answerOf.get(stream) ?? NOT_APPENDED);
  };
  const submit = createCoalescer({
    name: 'appends',
    run,
    weigh: ({ commands }: StreamAppend) => ({
      count: commands.length,
      bytes: commands.reduce((sum, { events }) => events.reduce((bytes, event) => bytes + bytesOf(event), sum), 0),
    }),
    most: MOST,
    maxInFlight: MAX_IN_FLIGHT,
    maxWaiting: MAX_WAITING,
  });
  return { append: submit };
}
