import type { Decider, Rejection, Tagged } from '@tongchou/kernel';
import type { Appender } from './append.ts';
import type { Codec } from './codec.ts';
import type { CommandContext, CommandOutcome } from './command-outcome.ts';
import { databaseErrorKind } from './database-error.ts';
import type { PendingCommand, Verdict } from './decide-batch.ts';
import { fingerprintOf } from './fingerprint.ts';
import { noMeters, type StoreMeters } from './meters.ts';
import type { Store } from './store.ts';
import { settleBatch } from './settle-batch.ts';
import { createStreamFolds } from './stream-folds.ts';
import { createStreamGate } from './stream-gate.ts';
import { formatToken } from './token.ts';

export interface CommandHandlerOptions<Command extends Tagged, Event extends Tagged, State, Refusal extends Rejection> {
  readonly store: Store;
  readonly appender: Appender;
  readonly decider: Decider<Command, Event, State, Refusal>;
  readonly codec: Codec;
  /** Streams whose folded state is remembered, those used last; 5,000 when not given. */
  readonly cacheSize?: number;
  readonly meters?: StoreMeters;
}

export interface CommandHandler<Command extends Tagged, State> {
  /**
   * Decides a command on its stream's state and stores the events, once for its id however often it is sent. A refusal
   * and "nothing to do" are answered only when the state they were decided on is proven to be the current one.
   *
   * @throws IdempotencyMismatch, Conflict (not at the expected version, or others were faster five times), Unavailable
   *   (unknown whether stored: send the same id again), and what the decider itself throws.
   */
  handle(streamId: string, command: Command, context: CommandContext): Promise<CommandOutcome>;
  /** The stream's state as it is now; version 0 when there is none. @throws Unavailable */
  load(streamId: string): Promise<{ readonly state: State; readonly version: number }>;
}

const CACHED_STREAMS = 5_000;
const MAX_BATCH = 100;
const MAX_WAITING_A_STREAM = 2_000;

const flatten = (one: PromiseSettledResult<readonly Verdict[]>): Verdict =>
  one.status === 'rejected' ? one : (one.value[0] ?? { status: 'rejected', reason: new Error('No verdict') });

/** The command handler of one aggregate: one for a store and decider in a process. */
export function createCommandHandler<Command extends Tagged, Event extends Tagged, State, Refusal extends Rejection>(
  options: CommandHandlerOptions<Command, Event, State, Refusal>,
): CommandHandler<Command, State> {
  const { store, appender, decider, codec, meters = noMeters } = options;
  const folds = createStreamFolds({ store, decider, codec, cacheSize: options.cacheSize ?? CACHED_STREAMS });

  const { service, systemIdentifier: system } = store;
  const tokenOf = (streamId: string, version: number): string =>
    formatToken(version === 0 ? [] : [{ service, system, streamType: decider.streamType, streamId, version }]);

  const settling = { appender, folds, decider, codec, tokenOf, meters };

  /** What PostgreSQL refuses in a batch is one command's fault: the others must not pay for it. */
  const settle = async (streamId: string, batch: readonly PendingCommand<Command>[]): Promise<readonly Verdict[]> => {
    try {
      return await settleBatch(settling, streamId, batch);
    } catch (error) {
      folds.forget(streamId);
      if (batch.length === 1 || databaseErrorKind(error) !== 'data') throw error;
      const verdicts: Verdict[] = [];
      for (const pending of batch)
        verdicts.push(...(await Promise.allSettled([settle(streamId, [pending])])).map(flatten));
      return verdicts;
    }
  };

  const submit = createStreamGate<PendingCommand<Command>, CommandOutcome>({
    process: settle,
    maxBatch: MAX_BATCH,
    maxWaiting: MAX_WAITING_A_STREAM,
    onWaited: meters.waited,
  });

  return {
    async handle(streamId, command, context) {
      const fingerprint = fingerprintOf({ command: command.type, input: context.input });
      return submit(streamId, { command, context, fingerprint });
    },
    async load(streamId) {
      const { fold } = await folds.refresh(streamId);
      return { state: fold.state, version: fold.version };
    },
  };
}
