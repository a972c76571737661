import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PARTITIONS, partitionOf, StaleCheckpoint } from '@tongchou/messaging';
import type {
  Bus,
  IncomingMessage,
  OutgoingMessage,
  PartitionBatch,
  RelayCheckpoint,
  Subscription,
} from '@tongchou/messaging';
import { eventually } from './eventually.ts';

/** A bus to be tried, and further connections to the same one, as other processes would open them. */
export interface BusUnderTest {
  readonly bus: Bus;
  another(): Promise<Bus>;
  close(): Promise<void>;
}

type Handler = (batch: PartitionBatch, heard: Heard) => Promise<void> | void;

/** What one subscription was given, message by message. */
interface Heard {
  readonly batches: PartitionBatch[];
  readonly values: string[];
  readonly messages: (IncomingMessage & { readonly partition: number })[];
  subscription?: Subscription;
}

const text = (message: { readonly value: Buffer | null }): string => message.value?.toString() ?? 'null';

/** A relay in small: publishes to one topic and keeps the checkpoint. */
function publisher(bus: Bus, topic: string) {
  let from: RelayCheckpoint | undefined;
  const generation = randomUUID();
  return async (messages: readonly OutgoingMessage[]): Promise<ReadonlyMap<number, number>> => {
    const to = { generation, cursor: randomUUID(), epoch: 1, systemIdentifier: 'spec' };
    const ends = await bus.publish(topic, messages, { from, to });
    from = to;
    return ends;
  };
}

const numbered = (first: number, last: number, key?: string): OutgoingMessage[] =>
  Array.from({ length: last - first + 1 }, (_, index) => ({
    key: key ?? `stream ${(first + index) % 40}`,
    headers: { ce_id: String(first + index) },
    value: Buffer.from(String(first + index)),
  }));

const inPartition = (partition: number, ...values: string[]): OutgoingMessage[] =>
  values.map((value) => ({ key: null, headers: {}, value: Buffer.from(value), partition }));

async function listen(bus: Bus, group: string, topic: string, handler?: Handler, startAt?: number): Promise<Heard> {
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

const hasAll = (heard: Heard, wanted: readonly OutgoingMessage[]): boolean => {
  const values = new Set(heard.values);
  return wanted.every((message) => values.has(text(message)));
};

/**
 * What every bus promises, whichever carries it: tried on a real one. Waits by position and lets members of a group come
 * and go; duplicates are allowed, losses and inversions are not.
 */
export function busSuite(name: string, open: () => Promise<BusUnderTest>): void {
  describe(`${name} as a bus`, () => {
    let opened: BusUnderTest;
    let bus: Bus;
    beforeAll(async () => {
      opened = await open();
      bus = opened.bus;
    });
    afterAll(() => opened.close());

    const newTopic = async (): Promise<string> => {
      const topic = `spec-${randomUUID()}.events.v1`;
      await bus.openTopic(topic);
      return topic;
    };

    describe('publishing', () => {
      it('gives a topic 12 partitions that begin at 0, however often it is opened', async () => {
        const topic = await newTopic();
        await bus.openTopic(topic);
        expect(await bus.ends(topic)).toEqual(Array.from({ length: PARTITIONS }, () => 0));
      });

      it('puts a key where Kafka puts it, an explicit partition where it says, and answers the ends', async () => {
        const topic = await newTopic();
        const key = randomUUID();
        const other = (partitionOf(key) + 1) % PARTITIONS;
        const ends = await publisher(bus, topic)([...numbered(1, 3, key), ...inPartition(other, 'here')]);
        expect(ends).toEqual(
          new Map([
            [partitionOf(key), 3],
            [other, 1],
          ]),
        );
        expect((await bus.ends(topic))[partitionOf(key)]).toBe(3);
      });

      it('keeps key, headers and value, a missing value, and 5 MB, as they are', async () => {
        const topic = await newTopic();
        const large = Buffer.alloc(5 * 1024 * 1024, 'x');
        const messages: OutgoingMessage[] = [
          {
            key: 'a',
            headers: { ce_id: '1', 'content-type': 'application/json', word: '工程' },
            value: Buffer.from('{}'),
          },
          { key: 'a', headers: {}, value: null },
          { key: 'a', headers: {}, value: Buffer.alloc(0) },
          { key: 'a', headers: {}, value: large },
          { key: 'a', headers: {}, value: large },
          { key: 'a', headers: {}, value: Buffer.from('last') },
        ];
        await publisher(bus, topic)(messages);
        const heard = await listen(bus, randomUUID(), topic);
        const came = await eventually('six messages', () => heard.messages.length === 6 && heard.messages);
        expect(came[0]).toMatchObject({
          key: Buffer.from('a'),
          headers: messages[0]?.headers,
          value: Buffer.from('{}'),
        });
        expect(came[1]?.value).toBeNull();
        expect(came[2]?.value).toEqual(Buffer.alloc(0));
        expect(came[4]?.value?.equals(large)).toBe(true);
        expect(heard.values[5]).toBe('last');
        await heard.subscription?.close();
      });

      it('moves the checkpoint with the messages, and refuses one that was moved meanwhile', async () => {
        const topic = await newTopic();
        const first = { generation: randomUUID(), cursor: '1', epoch: 3, systemIdentifier: 'spec' };
        expect(await bus.checkpoint(topic)).toBeUndefined();
        await bus.publish(topic, inPartition(0, 'a'), { from: undefined, to: first });
        expect(await bus.checkpoint(topic)).toEqual(first);
        const second = { ...first, cursor: '2', epoch: 4 };
        await bus.publish(topic, [], { from: first, to: second });
        for (const from of [undefined, first]) {
          const late = bus.publish(topic, inPartition(0, 'late'), { from, to: { ...second, cursor: '3' } });
          await expect(late).rejects.toBeInstanceOf(StaleCheckpoint);
        }
        const olderEpoch = bus.publish(topic, [], { from: second, to: { ...second, cursor: '3', epoch: 3 } });
        await expect(olderEpoch).rejects.toBeInstanceOf(StaleCheckpoint);
        expect(await bus.checkpoint(topic)).toEqual(second);
        expect((await bus.ends(topic))[0]).toBe(1);
      });
    });

    describe('subscribing', () => {
      it('gives a late group everything from the earliest, in order, in batches that follow one another', async () => {
        const topic = await newTopic();
        const publish = publisher(bus, topic);
        const messages = numbered(1, 1_500);
        await publish(messages.slice(0, 1_200));
        const heard = await listen(bus, randomUUID(), topic);
        await publish(messages.slice(1_200));
        await eventually('all messages', () => hasAll(heard, messages));
        await heard.subscription?.close();
        const order = new Map<number, number>();
        for (const { partition, offset, key, headers } of heard.messages) {
          expect(partition).toBe(partitionOf(key?.toString() ?? ''));
          expect(offset).toBeGreaterThanOrEqual(order.get(partition) ?? 0);
          order.set(partition, offset + 1);
          expect(headers['ce_id']).toBeDefined();
        }
        for (const partition of new Set(heard.batches.map((batch) => batch.partition))) {
          const batches = heard.batches.filter((batch) => batch.partition === partition);
          batches.forEach((batch, index) => {
            expect(batch.since).toBe(0);
            expect(batch.from).toBe(batches[index - 1]?.to ?? 0);
            expect(batch.highWatermark).toBeGreaterThanOrEqual(batch.to);
          });
        }
      });

      it('gives every group everything, and a group that comes back what it has not done', async () => {
        const topic = await newTopic();
        const publish = publisher(bus, topic);
        const [one, two] = [randomUUID(), randomUUID()];
        await publish(numbered(1, 50));
        const first = await listen(bus, one, topic);
        const second = await listen(bus, two, topic);
        await eventually('both', () => hasAll(first, numbered(1, 50)) && hasAll(second, numbered(1, 50)));
        await first.subscription?.close();
        await publish(numbered(51, 80));
        const back = await listen(bus, one, topic);
        await eventually('the rest', () => hasAll(back, numbered(51, 80)) && hasAll(second, numbered(51, 80)));
        expect(back.values).not.toContain('1');
        await Promise.all([back.subscription?.close(), second.subscription?.close()]);
      });

      it('shares the partitions among members, and gives them to those that stay', async () => {
        const topic = await newTopic();
        const publish = publisher(bus, topic);
        const group = randomUUID();
        const other = await opened.another();
        const [first, second] = [await listen(bus, group, topic), await listen(other, group, topic)];
        const shares = () => [first, second].map(({ subscription }) => subscription?.status().assigned.length);
        await eventually('six and six', () => shares().every((share) => share === PARTITIONS / 2));
        await publish(numbered(1, 400));
        await eventually('all between them', () =>
          numbered(1, 400).every((m) => first.values.includes(text(m)) || second.values.includes(text(m))),
        );
        const [ours, theirs] = [first, second].map(({ messages }) => new Set(messages.map((m) => m.partition)));
        expect(ours?.intersection(theirs ?? new Set()).size).toBe(0);
        await other.close();
        await eventually('all twelve', () => shares()[0] === PARTITIONS);
        await publish(numbered(401, 500));
        await eventually('the rest alone', () => hasAll(first, numbered(401, 500)));
        await first.subscription?.close();
      });

      it('hands a batch out again after retryLater or a throw, and goes on with other partitions', async () => {
        const topic = await newTopic();
        let failures = 0;
        const heard = await listen(bus, randomUUID(), topic, (batch) => {
          if (batch.partition !== 3 || failures === 4) return;
          failures += 1;
          if (failures % 2 === 0) throw new Error('a handler that breaks its promise');
          batch.retryLater(20);
        });
        await publisher(bus, topic)([...inPartition(3, 'a', 'b'), ...inPartition(4, 'c')]);
        await eventually('the fifth try', () => heard.batches.filter((batch) => batch.partition === 3).length >= 5);
        await eventually('its messages', () => heard.values.includes('b') && heard.values.includes('c'));
        const tries = heard.batches.filter((batch) => batch.partition === 3).slice(0, 5);
        expect(tries.map((batch) => batch.from)).toEqual([0, 0, 0, 0, 0]);
        await heard.subscription?.close();
        expect(heard.values.filter((value) => value === 'c')).toHaveLength(1);
      });

      it('reads on where seek says, from the earliest where that is gone', async () => {
        const topic = await newTopic();
        const seeks = [2, 1_000];
        const heard = await listen(bus, randomUUID(), topic, (batch) => {
          const offset = batch.to === 4 ? seeks.shift() : undefined;
          if (offset !== undefined) batch.seek(offset);
        });
        await publisher(bus, topic)(inPartition(5, 'a', 'b', 'c', 'd'));
        await eventually('read three times', () => heard.batches.filter((batch) => batch.to === 4).length >= 3);
        const [, sought, earliest] = heard.batches.filter((batch) => batch.to === 4);
        expect(sought).toMatchObject({ from: 2, since: 2 });
        expect(earliest).toMatchObject({ from: 0, since: 0 });
        await heard.subscription?.close();
      });

      it('begins where the store of the group says', async () => {
        const topic = await newTopic();
        await publisher(bus, topic)(inPartition(6, 'a', 'b', 'c'));
        const heard = await listen(bus, randomUUID(), topic, undefined, 1);
        await eventually('the last one', () => heard.values.includes('c'));
        expect(heard.values).toEqual(['b', 'c']);
        expect(heard.batches[0]).toMatchObject({ from: 1, since: 1 });
        await heard.subscription?.close();
      });

      it('lets a batch under way finish when it closes, and hands out no more', async () => {
        const topic = await newTopic();
        const group = randomUUID();
        const publish = publisher(bus, topic);
        let release: () => void = () => {};
        const held = new Promise<void>((resolve) => (release = resolve));
        const heard = await listen(bus, group, topic, async (batch) => {
          await batch.heartbeat();
          await held;
        });
        await publish(inPartition(7, 'under way'));
        const [batch] = await eventually('a batch', () => heard.batches.length > 0 && heard.batches);
        const closed = heard.subscription?.close();
        expect(batch?.isStale()).toBe(false);
        release();
        await closed;
        expect(heard.values).toEqual(['under way']);
        expect(batch?.isStale()).toBe(true);
        await publish(inPartition(7, 'later'));
        const back = await listen(bus, group, topic);
        await eventually('what came later', () => back.values.includes('later'));
        expect(heard.values).toEqual(['under way']);
        await back.subscription?.close();
      });

      it('is healthy while it listens', async () => {
        const heard = await listen(bus, randomUUID(), await newTopic());
        await eventually('its partitions', () => heard.subscription?.status().assigned.length === PARTITIONS);
        expect(heard.subscription?.status()).toMatchObject({ healthy: true });
        await heard.subscription?.close();
      });
    });
  });
}
