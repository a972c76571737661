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
  const texts: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    const text = textOf(headers[name]);
    if (text !== undefined) texts[name] = text;
  }
  return texts;
}

const messageOf = ({ offset, key, headers, value }: KafkaMessage): IncomingMessage => ({
  offset: Number(offset),
  key,
  headers: headersOf(headers),
  value,
});

/** Where the fetch asked for. kafkajs sets it, though its types do not say so. */
export const fetchedOffsetOf = (batch: Batch & { readonly fetchedOffset?: string }): number =>
  Number(batch.fetchedOffset ?? batch.firstOffset());

export function incoming(batch: Batch): FetchedBatch {
  const { topic, partition, messages } = batch;
  return {
    topic,
    partition,
    messages: messages.map(messageOf),
    fetchedOffset: fetchedOffsetOf(batch),
    to: Number(batch.lastOffset()) + 1,
    highWatermark: Number(batch.highWatermark),
  };
}
