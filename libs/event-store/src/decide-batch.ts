import { type Claim, type Decider, isRejection, type Rejection, type Tagged } from '@tongchou/kernel';
import type { ClaimKey, CommandToAppend } from './append.ts';
import type { Codec } from './codec.ts';
import {
  type CommandContext,
  type CommandOutcome,
  factsOfResult,
  metadataOf,
  type RecordedFact,
  recordedFact,
} from './command-outcome.ts';
import { Conflict, IdempotencyMismatch } from './errors.ts';
import { newEventId } from './identity.ts';
import type { Fold } from './stream-folds.ts';
import type { StoredCommand } from './stream-load.ts';

export interface PendingCommand<Command> {
  readonly command: Command;
  readonly context: CommandContext;
  readonly fingerprint: Buffer;
}

export type Verdict = PromiseSettledResult<CommandOutcome>;

/** A batch decided on one state: what to store, and what to answer once that is stored. */
export interface BatchPlan<State> {
  readonly fold: Fold<State>;
  readonly verdicts: readonly Verdict[];
  readonly append: readonly CommandToAppend[];
}

/** What is known beside the state. */
export interface Knowledge {
  /** Kept outcomes of this batch's ids. */
  readonly stored: readonly StoredCommand[];
  /** Names that other streams hold; held for ever, so once known always known. */
  readonly claimed: ReadonlySet<string>;
}

export interface BatchDecision<Command extends Tagged, Event extends Tagged, State, Refusal extends Rejection> {
  readonly decider: Decider<Command, Event, State, Refusal>;
  readonly codec: Codec;
  readonly streamId: string;
  readonly tokenOf: (streamId: string, version: number) => string;
}

interface Kept {
  readonly fingerprint: Buffer;
  readonly streamId: string;
  readonly version: number;
  readonly facts: readonly RecordedFact[];
}

export const claimName = ({ kind, key }: ClaimKey): string => JSON.stringify([kind, key]);

const idOf = ({ scope, commandId }: Pick<CommandContext, 'scope' | 'commandId'>): string =>
  JSON.stringify([scope, commandId]);

const answer = (value: CommandOutcome): Verdict => ({ status: 'fulfilled', value });
const failure = (reason: unknown): Verdict => ({ status: 'rejected', reason });

/** Decides commands of one stream in turn, each on the state that those before it leave. Pure but for event ids. */
export class BatchDecider<Command extends Tagged, Event extends Tagged, State, Refusal extends Rejection> {
  readonly #with: BatchDecision<Command, Event, State, Refusal>;
  readonly #claimed: ReadonlySet<string>;
  readonly #kept: Map<string, Kept>;
  readonly #append: CommandToAppend[] = [];
  #fold: Fold<State>;

  constructor(
    decision: BatchDecision<Command, Event, State, Refusal>,
    fold: Fold<State>,
    { stored, claimed }: Knowledge,
  ) {
    this.#with = decision;
    this.#fold = fold;
    this.#claimed = claimed;
    this.#kept = new Map(
      stored.map((command) => [idOf(command), { ...command, facts: factsOfResult(command.result) }]),
    );
  }

  decide(batch: readonly PendingCommand<Command>[]): BatchPlan<State> {
    const verdicts = batch.map((pending) => this.#verdict(pending));
    return { fold: this.#fold, verdicts, append: this.#append };
  }

  #verdict(pending: PendingCommand<Command>): Verdict {
    const kept = this.#kept.get(idOf(pending.context));
    if (kept) return this.#repeat(pending, kept);
    const { expectedVersion } = pending.context;
    if (expectedVersion !== undefined && expectedVersion !== this.#fold.version) return this.#outdated(pending);
    try {
      return this.#decideOne(pending);
    } catch (error) {
      return failure(error);
    }
  }

  #repeat({ fingerprint, context }: PendingCommand<Command>, kept: Kept): Verdict {
    const { streamId, version, facts } = kept;
    const { streamType } = this.#with.decider;
    if (streamId !== this.#with.streamId || !kept.fingerprint.equals(fingerprint)) {
      return failure(new IdempotencyMismatch(context.commandId));
    }
    const token = this.#with.tokenOf(streamId, version);
    return answer({ status: 'repeated', streamId, streamType, version, token, facts });
  }

  #outdated(pending: PendingCommand<Command>): Verdict {
    const { version } = this.#fold;
    const { streamId } = this.#with;
    this.#note(pending, { kept: false, events: [] });
    const message = `The stream stands at version ${version}, not ${pending.context.expectedVersion}: read it again and decide anew.`;
    return failure(new Conflict(message, streamId, version, { retryable: false }));
  }

  #decideOne(pending: PendingCommand<Command>): Verdict {
    const { decider } = this.#with;
    const decision = decider.decide(pending.command, this.#fold.state);
    if (isRejection(decision)) return this.#refuse(pending, decision);
    const claims = decision.flatMap((event) => decider.claims?.(event) ?? []);
    const taken = claims.find((claim) => this.#claimed.has(claimName(claim)));
    return taken ? this.#refuse(pending, taken.refusal) : this.#accept(pending, decision, claims);
  }

  #refuse(pending: PendingCommand<Command>, rejection: Refusal): Verdict {
    this.#note(pending, { kept: false, events: [] });
    return answer({ status: 'rejected', rejection, streamId: this.#with.streamId, version: this.#fold.version });
  }

  #accept(pending: PendingCommand<Command>, events: readonly Event[], claims: readonly Claim[]): Verdict {
    const { decider, codec, streamId } = this.#with;
    const metadata = JSON.stringify(metadataOf(pending.context));
    const written = events.map((event) => {
      const { type, schemaVersion, data } = codec.encode(event);
      return { eventId: newEventId(), type, schemaVersion, data: JSON.stringify(data), metadata };
    });
    const version = this.#fold.version + events.length;
    this.#fold = {
      state: events.reduce((state, event) => decider.evolve(state, event), this.#fold.state),
      version,
      sinceSnapshot: this.#fold.sinceSnapshot + events.length,
    };
    const facts = events.map(recordedFact);
    const names = claims.map(({ kind, key }) => ({ kind, key }));
    this.#note(pending, { kept: true, events: written, claims: names, result: JSON.stringify({ facts }) });
    this.#kept.set(idOf(pending.context), { fingerprint: pending.fingerprint, streamId, version, facts });
    const token = this.#with.tokenOf(streamId, version);
    return answer({ status: 'accepted', streamId, streamType: decider.streamType, version, token, facts });
  }

  #note(
    { context, fingerprint }: PendingCommand<Command>,
    outcome: Pick<CommandToAppend, 'kept' | 'events' | 'claims' | 'result'>,
  ): void {
    const { scope, commandId, notBefore } = context;
    this.#append.push({ scope, commandId, fingerprint, ...outcome, ...(notBefore !== undefined && { notBefore }) });
  }
}
