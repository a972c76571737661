import type { Batch, IHeaders, KafkaMessage } from 'kafkajs';
import type { IncomingMessage } from './bus.ts';

/** A fetched batch as the port has it. */
export interface FetchedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly IncomingMessage[];
  readonly fetchedOffset: number;
  /** Behind everything that was fetched, what kafkajs filters out included. */
  readonly to: number;
  readonly highWatermark: number;
}

function textOf(value: IHeaders[string]): string | undefined {
  const first = Array.isArray(value) ? value[0] : value;
  return first === undefined || first === null ? undefined : first.toString();
}

/** Headers may come from anybody: of one given several times the first counts, one without a value is left out. */
function headersOf(headers: IHeaders = {}): Record<string, string> {
  const texts = Object.entries(headers).map(([name, value]) => [name, textOf(value)] as const);
  return Object.fromEntries(texts.filter((entry): entry is readonly [string, string] => entry[1] !== undefined));
}

const messageOf = ({ offset, key, headers, value }: KafkaMessage): IncomingMessage => ({
  offset: Number(offset),
  key,
  headers: headersOf(headers),
  value,
});

export function incoming(batch: Batch & { readonly fetchedOffset?: string }): FetchedBatch {
  const { topic, partition, messages } = batch;
  return {
    topic,
    partition,
    messages: messages.map(messageOf),
    // kafkajs sets it, though its types do not say so.
    fetchedOffset: Number(batch.fetchedOffset ?? batch.firstOffset()),
    to: Number(batch.lastOffset()) + 1,
    highWatermark: Number(batch.highWatermark),
  };
}
