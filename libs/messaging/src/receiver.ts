import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { topicOf } from '@tongchou/contracts';
import { databaseErrorKind, inTransaction, sqlState } from '@tongchou/event-store';
import type { FactsDatabase, Log } from '@tongchou/event-store';
import type { PartitionBatch } from './bus.ts';
import { takeEffect } from './effect.ts';
import type { Effect, Slice } from './effect.ts';
import { generationRuns } from './generation-runs.ts';
import type { GenerationRun } from './generation-runs.ts';
import { judgeMessage, publishedContracts } from './judge-message.ts';
import type { Judged, ReceivedContracts } from './judge-message.ts';
import { Origins } from './origins.ts';
import { furthestOffset, Overtaken } from './offsets-table.ts';
import { ReceivingTally } from './receiving-tally.ts';
import type { ReceivingStatus } from './receiving-tally.ts';

const TRIES = 6;
const BACKOFF_MS = { first: 50, most: 2_000 };
const PAUSE_MS = 5_000;
const WATERMARK_EVERY_MS = 900;

export interface ReceiverOptions {
  readonly store: FactsDatabase;
  /** Names of the services whose facts are received. */
  readonly listensTo: readonly string[];
  readonly log: Log;
  /** Those between services, unless a spec brings its own. */
  readonly contracts?: ReceivedContracts;
  /** More streams parked in a minute are a bad deploy, not bad data: receiving stops. */
  readonly mostStalledStreams?: number;
}

/** What became of a slice: done, read on elsewhere, or not now. */
type Outcome = 'done' | 'later' | { readonly seek: number };

/** Errors of the data of one message, as opposed to a missing table or a bug, which would hit every message. */
const DATA_CLASS = /^(21|22|23|54)/;

/** Stores what other services tell, each fact once. One a service and process. */
export class Receiver {
  private readonly options: ReceiverOptions;
  private readonly contracts: ReceivedContracts;
  private readonly sources: ReadonlyMap<string, string>;
  private readonly origins: Origins;
  private readonly tally: ReceivingTally;
  private readonly watermarkedAt = new Map<string, number>();
  private readonly readAgain = new Set<string>();

  constructor(options: ReceiverOptions) {
    this.options = options;
    this.contracts = options.contracts ?? publishedContracts;
    this.sources = new Map(options.listensTo.map((source) => [topicOf(source), source]));
    this.origins = new Origins(options.store.pool);
    this.tally = new ReceivingTally(options.log, options.mostStalledStreams);
  }

  status(): ReceivingStatus {
    return this.tally.status();
  }

  /** For `subscribe`: where the store says to read on. */
  readonly startAt = (topic: string, partition: number): Promise<number | undefined> =>
    furthestOffset(this.options.store.pool, topic, partition);

  /** Takes a batch's effect, exactly once. Never throws: what cannot be done now is asked for again. */
  readonly receive = async (batch: PartitionBatch): Promise<void> => {
    const outcome = await this.receiveRuns(batch).catch((error: unknown): Outcome => {
      this.tally.failed(error, { topic: batch.topic, partition: batch.partition });
      return 'later';
    });
    if (outcome === 'later') batch.retryLater(PAUSE_MS);
    else if (outcome !== 'done') batch.seek(outcome.seek);
  };

  private async receiveRuns(batch: PartitionBatch): Promise<Outcome> {
    for (const [index, run] of generationRuns(batch).entries()) {
      if (this.tally.isStopped()) return 'later';
      const life = `${batch.topic}/${batch.partition} ${run.generation}`;
      // A bus cannot see that a topic was made again and has grown past our place: a generation is read from where this
      // store knows it before its bus is believed.
      const since = index > 0 || this.readAgain.has(life) ? batch.since : batch.from;
      const outcome = await this.receiveFrom(batch, { ...this.judge(batch, run), since });
      if (typeof outcome === 'object') this.readAgain.add(life);
      if (outcome !== 'done') return outcome;
    }
    return 'done';
  }

  private judge(batch: PartitionBatch, { generation, messages, to }: GenerationRun): Omit<Slice, 'since'> {
    const { topic, partition } = batch;
    const source = this.sources.get(topic);
    if (source === undefined) throw new Error(`Nobody listens to ${topic} here`);
    const lastAt = this.watermarkedAt.get(`${topic}/${partition}`) ?? -Infinity;
    return {
      source,
      place: { topic, generation, partition },
      messages: messages.map((message) => ({ message, judged: judgeMessage(message, source, this.contracts) })),
      to,
      withWatermark: performance.now() - lastAt >= WATERMARK_EVERY_MS,
    };
  }

  /** What another store says under a source's name is passed without effect. */
  private async receiveFrom(batch: PartitionBatch, slice: Slice): Promise<Outcome> {
    const stranger = await this.origins.stranger(slice.source, slice.messages);
    if (stranger === undefined) return this.receiveSlice(batch, slice);
    const outcome = await this.receiveSlice(batch, { ...slice, messages: [] });
    this.tally.heardStranger(slice.source, stranger);
    return outcome;
  }

  /** One transaction; where PostgreSQL refuses the data of it, halves of it, down to the message that it refuses. */
  private async receiveSlice(batch: PartitionBatch, slice: Slice): Promise<Outcome> {
    try {
      return await this.takePatiently(batch, slice);
    } catch (error) {
      if (error instanceof Overtaken) {
        this.options.log.warn({ err: error }, 'another instance was faster: nothing of this batch stays');
        return 'later';
      }
      if (!DATA_CLASS.test(sqlState(error) ?? '')) throw error;
      return this.narrowDown(batch, slice, error);
    }
  }

  private async narrowDown(batch: PartitionBatch, slice: Slice, error: unknown): Promise<Outcome> {
    const { messages } = slice;
    if (messages.length > 1) {
      const middle = Math.ceil(messages.length / 2);
      const [first, second] = [messages.slice(0, middle), messages.slice(middle)];
      const boundary = second[0]?.message.offset ?? slice.to;
      const outcome = await this.receiveSlice(batch, { ...slice, messages: first, to: boundary });
      return outcome === 'done' ? this.receiveSlice(batch, { ...slice, messages: second }) : outcome;
    }
    const refused = messages.map(({ message, judged }) => ({ message, judged: asUnstorable(judged, error) }));
    if (messages[0]?.judged.kind === 'fault') throw error;
    return this.receiveSlice(batch, { ...slice, messages: refused });
  }

  private async takePatiently(batch: PartitionBatch, slice: Slice): Promise<Outcome> {
    const { store, log } = this.options;
    const { topic, partition } = slice.place;
    for (let tries = 1, waitMs = BACKOFF_MS.first; ; tries += 1, waitMs = Math.min(waitMs * 2, BACKOFF_MS.most)) {
      if (batch.isStale()) return 'later';
      try {
        const effect = await inTransaction(store.pool, (client) => takeEffect(client, this.contracts, slice));
        return this.conclude(slice, effect);
      } catch (error) {
        if (error instanceof Overtaken || databaseErrorKind(error) === 'data' || tries === TRIES) throw error;
        log.warn({ err: error, topic, partition, tries }, 'a batch could not be stored, tries again');
        await batch.heartbeat();
        await pause(waitMs);
      }
    }
  }

  private conclude(slice: Slice, effect: Effect): Outcome {
    const { topic, partition } = slice.place;
    if ('seek' in effect) {
      this.options.log.warn({ topic, partition, ...effect }, 'messages before this batch are missing here: reads them');
      return effect;
    }
    if (slice.messages.some(({ judged }) => judged.kind === 'watermark') && slice.withWatermark) {
      this.watermarkedAt.set(`${topic}/${partition}`, performance.now());
    }
    this.tally.took(slice.source, effect);
    this.options.store.wake.announce('facts');
    return 'done';
  }
}

function asUnstorable(judged: Judged, error: unknown): Judged {
  const fault = { kind: 'fault', reason: 'unstorable', detail: String(error) } as const;
  if (judged.kind !== 'fact') return fault;
  const { streamId, version, eventId } = judged.envelope;
  return { ...fault, streamId, version, eventId };
}

/** Receives what the services in `listensTo` publish; give its `receive` to the handler of each of their topics. */
export const createReceiver = (options: ReceiverOptions): Receiver => new Receiver(options);
