import { isUuid } from '@tongchou/kernel';
import type { IncomingMessage, PartitionBatch } from './bus.ts';
import { GENERATION_HEADER } from './relay-messages.ts';

/** Messages of one generation, one after the other, and the first offset behind them. */
export interface GenerationRun {
  readonly generation: string;
  readonly messages: readonly IncomingMessage[];
  readonly to: number;
}

/** For what no relay wrote, in a batch where none did. */
const NO_GENERATION = '00000000-0000-0000-0000-000000000000';

const generationOf = ({ headers }: IncomingMessage): string | undefined => {
  const named = headers[GENERATION_HEADER];
  return named !== undefined && isUuid(named) ? named : undefined;
};

/** Splits a batch where its generation changes. A message that names none belongs to the one before it. */
export function generationRuns({ messages, to }: Pick<PartitionBatch, 'messages' | 'to'>): GenerationRun[] {
  const runs: { generation: string; messages: IncomingMessage[] }[] = [];
  let generation = messages.map(generationOf).find((named) => named !== undefined) ?? NO_GENERATION;
  for (const message of messages) {
    generation = generationOf(message) ?? generation;
    const run = runs.at(-1);
    if (run?.generation === generation) run.messages.push(message);
    else runs.push({ generation, messages: [message] });
  }
  return runs.map((run, index) => ({ ...run, to: runs[index + 1]?.messages[0]?.offset ?? to }));
}
