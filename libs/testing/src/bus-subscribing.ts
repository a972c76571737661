import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { PARTITIONS, partitionOf } from '@tongchou/messaging';
import { hasAll, inPartition, listen, numbered, publisher, text } from './bus-trial.ts';
import type { BusPromise } from './bus-trial.ts';
import { eventually } from './eventually.ts';

export const SUBSCRIBING: readonly BusPromise[] = [
  [
    'gives a late group everything from the earliest, in order, in batches that follow one another',
    async (trial) => {
      const { bus, newTopic } = trial;
      const topic = await newTopic();
      const publish = publisher(bus, topic);
      const messages = numbered(1, 1_500);
      await publish(messages.slice(0, 1_200));
      const heard = await listen(bus, { group: randomUUID(), topic });
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
    },
  ],

  [
    'gives every group everything, and a group that comes back what it has not done',
    async (trial) => {
      const { bus, newTopic } = trial;
      const topic = await newTopic();
      const publish = publisher(bus, topic);
      const [one, two] = [randomUUID(), randomUUID()];
      await publish(numbered(1, 50));
      const first = await listen(bus, { group: one, topic });
      const second = await listen(bus, { group: two, topic });
      await eventually('both', () => hasAll(first, numbered(1, 50)) && hasAll(second, numbered(1, 50)));
      await first.subscription?.close();
      await publish(numbered(51, 80));
      const back = await listen(bus, { group: one, topic });
      await eventually('the rest', () => hasAll(back, numbered(51, 80)) && hasAll(second, numbered(51, 80)));
      expect(back.values).not.toContain('1');
      await Promise.all([back.subscription?.close(), second.subscription?.close()]);
    },
  ],

  [
    'shares the partitions among members, and gives them to those that stay',
    async (trial) => {
      const { bus, newTopic } = trial;
      const topic = await newTopic();
      const publish = publisher(bus, topic);
      const group = randomUUID();
      const other = await trial.another();
      const [first, second] = [await listen(bus, { group, topic }), await listen(other, { group, topic })];
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
    },
  ],

  [
    'hands a batch out again after retryLater or a throw, and goes on with other partitions',
    async (trial) => {
      const { bus, newTopic } = trial;
      const topic = await newTopic();
      let failures = 0;
      const heard = await listen(bus, {
        group: randomUUID(),
        topic,
        handler: (batch) => {
          if (batch.partition !== 3 || failures === 4) return;
          failures += 1;
          if (failures % 2 === 0) throw new Error('a handler that breaks its promise');
          batch.retryLater(20);
        },
      });
      await publisher(bus, topic)([...inPartition(3, 'a', 'b'), ...inPartition(4, 'c')]);
      await eventually('the fifth try', () => heard.batches.filter((batch) => batch.partition === 3).length >= 5);
      await eventually('its messages', () => heard.values.includes('b') && heard.values.includes('c'));
      const tries = heard.batches.filter((batch) => batch.partition === 3).slice(0, 5);
      expect(tries.map((batch) => batch.from)).toEqual([0, 0, 0, 0, 0]);
      await heard.subscription?.close();
      expect(heard.values.filter((value) => value === 'c')).toHaveLength(1);
    },
  ],

  [
    'reads on where seek says, from the earliest where that is gone',
    async (trial) => {
      const { bus, newTopic } = trial;
      const topic = await newTopic();
      const seeks = [2, 1_000];
      const heard = await listen(bus, {
        group: randomUUID(),
        topic,
        handler: (batch) => {
          const offset = batch.to === 4 ? seeks.shift() : undefined;
          if (offset !== undefined) batch.seek(offset);
        },
      });
      await publisher(bus, topic)(inPartition(5, 'a', 'b', 'c', 'd'));
      await eventually('read three times', () => heard.batches.filter((batch) => batch.to === 4).length >= 3);
      const [, sought, earliest] = heard.batches.filter((batch) => batch.to === 4);
      expect(sought).toMatchObject({ from: 2, since: 2 });
      expect(earliest).toMatchObject({ from: 0, since: 0 });
      await heard.subscription?.close();
    },
  ],

  [
    'begins where the store of the group says',
    async (trial) => {
      const { bus, newTopic } = trial;
      const topic = await newTopic();
      await publisher(bus, topic)(inPartition(6, 'a', 'b', 'c'));
      const heard = await listen(bus, { group: randomUUID(), topic, startAt: 1 });
      await eventually('the last one', () => heard.values.includes('c'));
      expect(heard.values).toEqual(['b', 'c']);
      expect(heard.batches[0]).toMatchObject({ from: 1, since: 1 });
      await heard.subscription?.close();
    },
  ],

  [
    'lets a batch under way finish when it closes, and hands out no more',
    async (trial) => {
      const { bus, newTopic } = trial;
      const topic = await newTopic();
      const group = randomUUID();
      const publish = publisher(bus, topic);
      let release: () => void = () => {};
      const held = new Promise<void>((resolve) => (release = resolve));
      const heard = await listen(bus, {
        group,
        topic,
        handler: async (batch) => {
          await batch.heartbeat();
          await held;
        },
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
      const back = await listen(bus, { group, topic });
      await eventually('what came later', () => back.values.includes('later'));
      expect(heard.values).toEqual(['under way']);
      await back.subscription?.close();
    },
  ],

  [
    'is healthy while it listens',
    async (trial) => {
      const { bus, newTopic } = trial;
      const heard = await listen(bus, { group: randomUUID(), topic: await newTopic() });
      await eventually('its partitions', () => heard.subscription?.status().assigned.length === PARTITIONS);
      expect(heard.subscription?.status()).toMatchObject({ healthy: true });
      await heard.subscription?.close();
    },
  ],
];
