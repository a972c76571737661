import { setTimeout as pause } from 'node:timers/promises';
import type { Rejection, Tagged } from '@tongchou/kernel';
import type { Appender, StreamAppend } from './append.ts';
import {
  BatchDecider,
  type BatchDecision,
  type BatchPlan,
  claimName,
  type PendingCommand,
  type Verdict,
} from './decide-batch.ts';
import { Conflict } from './errors.ts';
import type { StoreMeters } from './meters.ts';
import type { FreshFold, StreamFolds } from './stream-folds.ts';

export interface Settling<Command extends Tagged, Event extends Tagged, State, Refusal extends Rejection> extends Omit<
  BatchDecision<Command, Event, State, Refusal>,
  'streamId'
> {
  readonly appender: Appender;
  readonly folds: StreamFolds<State>;
  readonly meters: Pick<StoreMeters, 'conflicted'>;
}

/** What a batch has met so far. */
interface Tried {
  /** Names that other streams hold. */
  readonly claimed: Set<string>;
  conflicts: number;
  /** Decided as for a new stream, because nothing is remembered of it. */
  guessed: boolean;
}

const MAX_TRIES = 5;
const JITTER_MS = { least: 1, most: 20 };

/** Waits a little, so that instances which met on a stream do not meet again. @throws Conflict after the last try. */
async function backOff({ streamId, expectedVersion }: StreamAppend, conflicts: number): Promise<void> {
  if (conflicts >= MAX_TRIES) {
    const message = `Others changed the stream ${MAX_TRIES} times meanwhile: send the command again.`;
    throw new Conflict(message, streamId, expectedVersion, { retryable: true });
  }
  await pause(JITTER_MS.least + Math.random() * (JITTER_MS.most - JITTER_MS.least));
}

/** False when nothing of it is stored: notes the names that others hold, and waits where others were faster. */
async function store(
  { appender, meters }: { readonly appender: Appender; readonly meters: Pick<StoreMeters, 'conflicted'> },
  append: StreamAppend,
  tried: Tried,
): Promise<boolean> {
  const answer = await appender.append(append);
  if (answer.appended) return true;
  answer.claimed.forEach((claim) => tried.claimed.add(claimName(claim)));
  if (tried.guessed || answer.knownCommand || answer.claimed.length > 0) return false;
  meters.conflicted();
  await backOff(append, (tried.conflicts += 1));
  return false;
}

/**
 * A stream of which nothing is remembered is read first, unless its first command makes events out of nothing: then it is
 * most likely new, and the append, which takes only a stream that does not exist, proves it in one round.
 */
const begins = ({ append }: BatchPlan<unknown>): boolean => (append[0]?.events.length ?? 0) > 0;

/**
 * Decides a batch of one stream's commands and stores what it makes; on a conflict again, on fresh state.
 *
 * @throws Conflict when others were faster five times, and what the append throws.
 */
export async function settleBatch<Command extends Tagged, Event extends Tagged, State, Refusal extends Rejection>(
  settling: Settling<Command, Event, State, Refusal>,
  streamId: string,
  batch: readonly PendingCommand<Command>[],
): Promise<readonly Verdict[]> {
  const { folds, decider } = settling;
  const { streamType } = decider;
  const ids = batch.map(({ context }) => context);
  const tried: Tried = { claimed: new Set(), conflicts: 0, guessed: false };
  let known: FreshFold<State> = { fold: folds.cached(streamId) ?? folds.nothing, commands: [] };
  for (let fresh = false; ; fresh = true) {
    const knowledge = { stored: known.commands, claimed: tried.claimed };
    const plan = new BatchDecider({ ...settling, streamId }, known.fold, knowledge).decide(batch);
    tried.guessed = !fresh && known.fold === folds.nothing;
    if (!tried.guessed || begins(plan)) {
      if (plan.append.length === 0 || (fresh && plan.append.every(({ kept }) => !kept))) return plan.verdicts;
      const append = { streamId, streamType, expectedVersion: known.fold.version, commands: plan.append };
      if (await store(settling, append, tried)) {
        folds.keep(streamId, plan.fold);
        return plan.verdicts;
      }
    }
    known = await folds.refresh(streamId, ids);
  }
}
