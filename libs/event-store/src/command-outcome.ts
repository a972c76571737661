import type { Actor, FactMetadata, IsoDate, Rejection, Tagged } from '@tongchou/kernel';

/** What comes with a command beside itself. */
export interface CommandContext {
  /** Whose command ids these are, e.g. the actor's subject. */
  readonly scope: string;
  /** The same id with the same input is the same command, however often it is sent. */
  readonly commandId: string;
  /** What the caller sent: its fingerprint tells a repeated command from a reused id. */
  readonly input: unknown;
  readonly actor: Actor;
  readonly correlationId: string;
  /** The answered event's id; the command's own when not given. */
  readonly causationId?: string;
  readonly traceparent?: string;
  readonly effectiveOn?: IsoDate;
  /** Refuse as a conflict unless the stream stands here; 0 = there must be none. */
  readonly expectedVersion?: number;
  /** `recorded_at` of the fact that this command answers: no event of it is recorded before. */
  readonly notBefore?: string;
}

/** A fact as its commander hears of it at once: its kind, and why, where the fact says so. */
export interface RecordedFact {
  readonly type: string;
  readonly reason?: string;
}

/** `repeated`: it was accepted before, this is the first answer again. Refusals are never kept. */
export type CommandOutcome =
  | {
      readonly status: 'accepted' | 'repeated';
      readonly streamId: string;
      readonly streamType: string;
      /** The stream's version with the command's events in it. */
      readonly version: number;
      /** Reads that name it see the command's events. */
      readonly token: string;
      /** What the command recorded. */
      readonly facts: readonly RecordedFact[];
    }
  | {
      readonly status: 'rejected';
      readonly rejection: Rejection;
      readonly streamId: string;
      /** The version of the state that the refusal was decided on. */
      readonly version: number;
    };

/** The metadata that every event of a command carries. */
export function metadataOf(context: CommandContext): FactMetadata {
  const { correlationId, commandId, causationId, actor, traceparent, effectiveOn } = context;
  return {
    correlationId,
    causationId: causationId ?? commandId,
    commandId,
    actor,
    ...(traceparent !== undefined && { traceparent }),
    ...(effectiveOn !== undefined && { effectiveOn }),
  };
}

export const recordedFact = (fact: object & Tagged): RecordedFact => ({
  type: fact.type,
  ...('reason' in fact && typeof fact.reason === 'string' && { reason: fact.reason }),
});

const isTagged = (value: unknown): value is Tagged =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

/** The facts that a kept command's result names. */
export function factsOfResult(result: object): readonly RecordedFact[] {
  if (!('facts' in result) || !Array.isArray(result.facts)) return [];
  return result.facts.filter(isTagged).map(recordedFact);
}
