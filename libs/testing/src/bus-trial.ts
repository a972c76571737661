import { randomUUID } from 'node:crypto';
import type {
  Bus,
  IncomingMessage,
  OutgoingMessage,
  PartitionBatch,
  RelayCheckpoint,
  Subscription,
} from '@tongchou/messaging';

/** A bus under trial, and what a trial needs beside it. */
export interface Trial {
  readonly bus: Bus;
  /** A further connection to the same bus, as another process would open it. */
  another(): Promise<Bus>;
  newTopic(): Promise<string>;
}

/** A promise in words, and the trial of it. */
export type BusPromise = readonly [words: string, trial: (trial: Trial) => Promise<void>];

export type Handler = (batch: PartitionBatch, heard: Heard) => Promise<void> | void;

/** What one subscription was given, message by message. */
export interface Heard {
  readonly batches: PartitionBatch[];
  readonly values: string[];
  readonly messages: (IncomingMessage & { readonly partition: number })[];
  subscription?: Subscription;
}

export const text = (message: { readonly value: Buffer | null }): string => message.value?.toString() ?? 'null';

/** A relay in small: publishes to one topic and keeps the checkpoint. */
export function publisher(bus: Bus, topic: string) {
  let from: RelayCheckpoint | undefined;
  const generation = randomUUID();
  return async (messages: readonly OutgoingMessage[]): Promise<ReadonlyMap<number, number>> => {
    const to = { generation, cursor: randomUUID(), epoch: 1, systemIdentifier: 'spec' };
    const ends = await bus.publish(topic, messages, { from, to });
    from = to;
    return ends;
  };
}

export const numbered = (first: number, last: number, key?: string): OutgoingMessage[] =>
  Array.from({ length: last - first + 1 }, (_, index) => ({
    key: key ?? `stream ${(first + index) % 40}`,
    headers: { ce_id: String(first + index) },
    value: Buffer.from(String(first + index)),
  }));

export const inPartition = (partition: number, ...values: string[]): OutgoingMessage[] =>
  values.map((value) => ({ key: null, headers: {}, value: Buffer.from(value), partition }));

export interface Listening {
  readonly group: string;
  readonly topic: string;
  readonly handler?: Handler;
  readonly startAt?: number;
}

/** Subscribes and keeps what comes; a handler is asked first. */
export async function listen(bus: Bus, { group, topic, handler, startAt }: Listening): Promise<Heard> {
  const heard: Heard = { batches: [], values: [], messages: [] };
  heard.subscription = await bus.subscribe({
    group,
    topics: [topic],
    from: 'earliest',
    onBatch: async (batch) => {
      heard.batches.push(batch);
      await handler?.(batch, heard);
      heard.messages.push(...batch.messages.map((message) => ({ ...message, partition: batch.partition })));
      heard.values.push(...batch.messages.map(text));
    },
    ...(startAt !== undefined && { startAt: async () => startAt }),
  });
  return heard;
}

export const hasAll = (heard: Heard, wanted: readonly OutgoingMessage[]): boolean => {
  const values = new Set(heard.values);
  return wanted.every((message) => values.has(text(message)));
};
