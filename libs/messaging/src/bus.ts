/** Partitions of every topic, for life: a stream's partition never changes. */
export const PARTITIONS = 12;

/** A message on its way out. Give a key (its partition follows) or an explicit partition. */
export interface OutgoingMessage {
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Buffer | null;
  readonly partition?: number;
  /** Worthless once every group is past it (a watermark): a bus may remove it before its age. */
  readonly ephemeral?: true;
}

/** A message as it came. Bytes are as the bus holds them; nothing about them has been checked. */
export interface IncomingMessage {
  readonly offset: number;
  readonly key: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: Buffer | null;
}

/** How far a relay is, kept by the bus together with what was published. */
export interface RelayCheckpoint {
  /** UUID of the topic's present life: offsets mean nothing across two generations. */
  readonly generation: string;
  /** Opaque to the bus: where the relay reads on. */
  readonly cursor: string;
  /** Of the leader that published; a lower one than the stored is refused. */
  readonly epoch: number;
  readonly systemIdentifier: string;
}

/** A publication goes from one checkpoint to the next, or not at all. `from` undefined = the topic's first. */
export interface CheckpointStep {
  readonly from: RelayCheckpoint | undefined;
  readonly to: RelayCheckpoint;
}

/** The stored checkpoint is not the one that the relay went out from: somebody else leads. Nothing was acknowledged. */
export class StaleCheckpoint extends Error {
  override readonly name = 'StaleCheckpoint';
}

/** Part of a partition, in order, handed to one handler of a group at a time. */
export interface PartitionBatch {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly IncomingMessage[];
  /** Where the batch begins: `messages` is all that the partition holds from here to `to`. */
  readonly from: number;
  /** The first offset after the batch. */
  readonly to: number;
  /** All that the partition holds from here to `from` was handed out before and done; 0 when reading began at the earliest. */
  readonly since: number;
  /** The partition's end when the batch was read: `highWatermark - to` messages lag behind. */
  readonly highWatermark: number;
  /** Tells the group that the handler is alive; call it in long work. */
  heartbeat(): Promise<void>;
  /** Whether the partition may have gone to another member: stop, without effect. */
  isStale(): boolean;
  /** This batch is not done: read on from `offset` instead (the earliest, where that offset is gone). */
  seek(offset: number): void;
  /** This batch is not done: it is handed out again after a pause; other partitions go on. */
  retryLater(pauseMs: number): void;
}

export interface SubscribeOptions {
  /** The listening service. Members of a group share the partitions. */
  readonly group: string;
  readonly topics: readonly string[];
  /** A group that the bus does not know, or whose place is gone, begins here. */
  readonly from: 'earliest';
  /**
   * When it returns without `seek` or `retryLater` the batch is done; the bus keeps that as a hint. It should not throw: a
   * throw counts as `retryLater`.
   */
  readonly onBatch: (batch: PartitionBatch) => Promise<void>;
  /** Asked when a partition is assigned: where the group's own store says to read on. Overrides the hint. */
  readonly startAt?: (topic: string, partition: number) => Promise<number | undefined>;
}

export interface SubscriptionStatus {
  /** False when nothing is received and nothing here will change that by itself soon. */
  readonly healthy: boolean;
  readonly reason?: string;
  /** It is the bus that keeps it from receiving, not its handler: it has no place in the group, and goes on trying. */
  readonly alone?: true;
  readonly assigned: readonly { readonly topic: string; readonly partition: number; readonly position: number }[];
}

export interface Subscription {
  status(): SubscriptionStatus;
  /** Leaves the group after the batches under way. */
  close(): Promise<void>;
}

/**
 * Facts between services. Order is kept within a partition, delivery is at least once, and a group's members share the
 * partitions. Implementations are held to one behaviour suite (`busSuite` of libs/testing).
 */
export interface Bus {
  /** Makes the topic with its 12 partitions unless it is there. */
  openTopic(topic: string): Promise<void>;
  /** The next offset of each partition. */
  ends(topic: string): Promise<readonly number[]>;
  checkpoint(topic: string): Promise<RelayCheckpoint | undefined>;
  /**
   * Appends the messages in order and moves the checkpoint; answers the ends after it, by partition, for the partitions
   * written. At least once: after any error but `StaleCheckpoint` the outcome is unknown; ask the checkpoint.
   */
  publish(
    topic: string,
    messages: readonly OutgoingMessage[],
    step: CheckpointStep,
  ): Promise<ReadonlyMap<number, number>>;
  subscribe(options: SubscribeOptions): Promise<Subscription>;
  /**
   * Hands out what the partitions hold from these offsets to their present ends, each in order, once, without a group's
   * knowledge. Rejects with what `take` throws.
   */
  read(
    topic: string,
    from: readonly number[],
    take: (messages: readonly IncomingMessage[]) => Promise<void>,
  ): Promise<void>;
  close(): Promise<void>;
}
