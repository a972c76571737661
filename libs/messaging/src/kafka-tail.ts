import type { Consumer, Kafka } from 'kafkajs';
import type { IncomingMessage } from './bus.ts';
import { incoming } from './kafka-message.ts';
import type { FetchedBatch } from './kafka-message.ts';
import { within } from './within.ts';

/** Part of a partition: from an offset that is there to one that is not handed out any more. */
export interface Stretch {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

/** What the partitions hold from these offsets on, those that hold nothing there left out. */
export const stretchesOf = (
  ranges: readonly { readonly first: number; readonly end: number }[],
  from: readonly number[],
): Stretch[] =>
  ranges
    .map(({ first, end }, partition) => ({ partition, from: Math.max(first, from[partition] ?? 0), to: end }))
    .filter((stretch) => stretch.from < stretch.to);

export interface TailReading {
  readonly topic: string;
  /**
   * A new group each time: it keeps no offsets and disturbs nobody, and no member that was killed while it read, or that
   * is frozen, holds a share of the partitions.
   */
  readonly group: string;
  readonly stretches: readonly Stretch[];
  readonly take: (messages: readonly IncomingMessage[]) => Promise<void>;
}

const SILENT_MS = 30_000;
const DISCONNECT_MS = 5_000;

/** The partitions whose stretch is not read yet, and where each goes on. */
type Left = Map<number, { next: number; readonly to: number }>;

/** Takes what a batch has of its stretch. */
async function takeBatch(left: Left, batch: FetchedBatch, take: TailReading['take']): Promise<void> {
  const { partition, messages, fetchedOffset, to } = batch;
  const stretch = left.get(partition);
  if (!stretch || fetchedOffset > stretch.next || to <= stretch.next) return;
  await take(messages.filter(({ offset }) => offset >= stretch.next && offset < stretch.to));
  stretch.next = to;
  if (to >= stretch.to) left.delete(partition);
}

async function follow(consumer: Consumer, { topic, stretches, take }: TailReading): Promise<void> {
  const end = Promise.withResolvers<void>();
  end.promise.catch(() => undefined);
  const left: Left = new Map(stretches.map(({ partition, from, to }) => [partition, { next: from, to }]));
  const tooLong = (): void => end.reject(new Error(`${topic} gave nothing to read for ${SILENT_MS} ms`));
  const silence = setTimeout(tooLong, SILENT_MS);
  // Also after a crash that kafkajs restarts from by itself, as on a broker whose first group this is.
  consumer.on(consumer.events.GROUP_JOIN, () => {
    for (const [partition, { next }] of left) consumer.seek({ topic, partition, offset: String(next) });
  });
  consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
    if (!restart) end.reject(error);
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      async eachBatch({ batch }) {
        silence.refresh();
        // Thrown here it would only make kafkajs begin again.
        await takeBatch(left, incoming(batch), take).catch(end.reject);
        if (left.size === 0) end.resolve();
      },
    });
    await end.promise;
  } finally {
    clearTimeout(silence);
  }
}

/** Reads stretches of a topic once. @throws what `take` throws, and when the broker gives nothing for 30 s. */
export async function readStretches(kafka: Kafka, reading: TailReading): Promise<void> {
  if (reading.stretches.length === 0) return;
  const consumer = kafka.consumer({
    groupId: reading.group,
    maxWaitTimeInMs: 100,
    allowAutoTopicCreation: false,
  });
  try {
    await follow(consumer, reading);
  } finally {
    await within(DISCONNECT_MS, 'disconnecting', consumer.disconnect()).catch(() => undefined);
  }
}
