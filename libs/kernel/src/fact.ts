import type { Tagged } from './decider.ts';
import type { IsoDate } from './dates.ts';

/** Who acted. Facts of former times have the subject alone. */
export interface Actor {
  readonly subject: string;
  /** As what they acted. */
  readonly role?: string;
  /** Who delegated it to them. */
  readonly onBehalfOf?: string;
}

/** What travels with every event beside its data. */
export interface FactMetadata {
  readonly correlationId: string;
  /** The command's or the answered event's id. */
  readonly causationId: string;
  readonly commandId: string;
  readonly actor: Actor;
  readonly traceparent?: string;
  /** When it was true in the world, where that differs from when it was recorded. */
  readonly effectiveOn?: IsoDate;
}

/** An event as readers meet it, own or received: what happened, where it stands in its stream, who said so and when. */
export interface Fact<Event extends Tagged = Tagged, Source extends string = string> {
  /** The service whose fact it is. */
  readonly source: Source;
  readonly streamId: string;
  readonly streamType: string;
  /** 1 for the first event of a stream, no gaps. */
  readonly version: number;
  readonly eventId: string;
  /** RFC 3339, UTC, microseconds. Never backwards within a stream. */
  readonly recordedAt: string;
  readonly metadata: FactMetadata;
  readonly event: Event;
}
