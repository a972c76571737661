import { performance } from 'node:perf_hooks';
import { contractsOf, topicOf, toMessage } from '@tongchou/contracts';
import { newEventId, openStore, silentLog, type Store } from '@tongchou/event-store';
import { createReceiver, type IncomingMessage, type PartitionBatch } from '@tongchou/messaging';
import { type BenchRow, type BenchTable, median, spreadOf } from './table.ts';

export interface BenchReceiveOptions {
  /** Facts received in sets in a run, and a tenth of them one by one; 20,000 when not given. */
  readonly facts?: number;
  /** Runs of which the medians count; 5 when not given. */
  readonly runs?: number;
}

const TYPE = 'BudgetRevised';
const A_STREAM = 5;
const A_SET = 500;

const unanswered = (asked: string): never => {
  throw new Error(`The receiver did not take a batch: it asked for ${asked}`);
};

/** Nothing is measured that was not stored. */
async function assertStored(store: Store, facts: number): Promise<void> {
  const { rows } = await store.pool.query<{ stored: string }>('select count(*) as stored from es.received');
  if (Number(rows[0]?.stored) !== facts) throw new Error(`${rows[0]?.stored} of ${facts} facts were stored`);
}

/** A partition that holds facts of five versions a stream, the streams' facts interleaved. */
class PreparedPartition {
  next = 0;

  /** The facts that come next, in batches of this size. */
  batches(facts: number, size: number): PartitionBatch[] {
    const streams = Array.from({ length: Math.ceil(facts / A_STREAM) }, newEventId);
    const messages = Array.from({ length: facts }, (_, at) =>
      this.message(streams[at % streams.length] ?? '', 1 + Math.floor(at / streams.length)),
    );
    return Array.from({ length: Math.ceil(facts / size) }, (_, at) =>
      batchOf(messages.slice(at * size, (at + 1) * size)),
    );
  }

  private message(streamId: string, version: number): IncomingMessage {
    const [correlationId, commandId, recordedAt] = [newEventId(), newEventId(), '2018-08-31T08:00:00.000000Z'];
    const metadata = { correlationId, causationId: commandId, commandId, actor: { subject: 'demo' } };
    const place = { source: 'costs', streamId, streamType: 'CostSheet', version, eventId: newEventId() };
    const published = { type: TYPE, schemaVersion: 1, data: contractsOf('costs')[TYPE]?.example ?? {} };
    const { headers, value } = toMessage({ ...place, recordedAt, metadata, event: { type: TYPE } }, published);
    const offset = this.next;
    this.next += 1;
    return { offset, key: Buffer.from(streamId), headers, value };
  }
}

function batchOf(messages: readonly IncomingMessage[]): PartitionBatch {
  const from = messages[0]?.offset ?? 0;
  const to = from + messages.length;
  return {
    topic: topicOf('costs'),
    partition: 0,
    messages,
    from,
    to,
    since: 0,
    highWatermark: to,
    heartbeat: async () => undefined,
    isStale: () => false,
    seek: (offset) => unanswered(`offset ${offset}`),
    retryLater: (pauseMs) => unanswered(`a pause of ${pauseMs} ms`),
  };
}

function rowOf(figure: string, perSecond: readonly number[]): BenchRow {
  return { figure, value: Math.round(median(perSecond)), unit: 'events/s', spread: spreadOf(perSecond) };
}

/**
 * Receiving as it is, a batch's facts as a set in one transaction, against one transaction a fact, in turns.
 *
 * @param freshDatabase makes an empty database on the server under test and answers its address.
 */
export async function benchReceive(
  freshDatabase: (name: string) => Promise<string>,
  { facts = 20_000, runs = 5 }: BenchReceiveOptions = {},
): Promise<BenchTable> {
  const store = await openStore({ url: await freshDatabase('bench_receive'), service: 'projects' });
  const { receive } = createReceiver({ store, listensTo: ['costs'], log: silentLog });
  const partition = new PreparedPartition();
  const rate = async (count: number, size: number): Promise<number> => {
    const batches = partition.batches(count, size);
    const began = performance.now();
    for (const batch of batches) await receive(batch);
    return (count * 1_000) / (performance.now() - began);
  };
  const [inSets, oneByOne]: [number[], number[]] = [[], []];
  try {
    await rate(facts / 10, A_SET);
    await rate(facts / 100, 1);
    for (let run = 0; run < runs; run += 1) {
      inSets.push(await rate(facts, A_SET));
      oneByOne.push(await rate(facts / 10, 1));
    }
    await assertStored(store, partition.next);
  } finally {
    await store.close();
  }
  const ratios = inSets.map((sets, run) => sets / (oneByOne[run] ?? sets));
  const value = Number(median(ratios).toFixed(1));
  return {
    name: 'receiving',
    rows: [
      rowOf(`in sets of ${A_SET}`, inSets),
      rowOf('one transaction a fact', oneByOne),
      { figure: 'in sets over one transaction a fact', value, unit: 'times', spread: spreadOf(ratios, 1) },
    ],
    notes: [
      `Medians of ${runs} runs in turns: ${facts.toLocaleString('en-US')} facts in sets of ${A_SET} and ${(facts / 10).toLocaleString('en-US')} one by one, prepared beforehand, of ${A_STREAM} versions a stream, one partition at a time; checked against their contract, stored in order, the offset moved in the same transaction. Both are the same code: one is handed batches of a single message.`,
    ],
  };
}
