import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { PARTITIONS, partitionOf, StaleCheckpoint } from '@tongchou/messaging';
import type { OutgoingMessage } from '@tongchou/messaging';
import { inPartition, listen, numbered, publisher, text } from './bus-trial.ts';
import type { BusPromise } from './bus-trial.ts';
import { eventually } from './eventually.ts';

export const PUBLISHING: readonly BusPromise[] = [
  [
    'gives a topic 12 partitions that begin at 0, however often it is opened',
    async (trial) => {
      const { bus, newTopic } = trial;
      const topic = await newTopic();
      await bus.openTopic(topic);
      expect(await bus.ends(topic)).toEqual(Array.from({ length: PARTITIONS }, () => 0));
    },
  ],

  [
    'puts a key where Kafka puts it, an explicit partition where it says, and answers the ends',
    async (trial) => {
      const { bus, newTopic } = trial;
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
    },
  ],

  [
    'keeps key, headers and value, a missing value, and 5 MB, as they are',
    async (trial) => {
      const { bus, newTopic } = trial;
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
      const heard = await listen(bus, { group: randomUUID(), topic });
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
    },
  ],

  [
    'moves the checkpoint with the messages, and refuses one that was moved meanwhile',
    async (trial) => {
      const { bus, newTopic } = trial;
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
    },
  ],

  [
    'begins a new generation under a lower epoch, as a restored store must',
    async ({ bus, newTopic }) => {
      const topic = await newTopic();
      const first = { generation: randomUUID(), cursor: '1', epoch: 7, systemIdentifier: 'spec' };
      await bus.publish(topic, [], { from: undefined, to: first });
      const anew = { ...first, generation: randomUUID(), epoch: 2 };
      await bus.publish(topic, inPartition(0, 'again'), { from: first, to: anew });
      expect(await bus.checkpoint(topic)).toEqual(anew);
    },
  ],

  [
    'is read from given offsets to its present ends, once, and tells what the reader throws',
    async ({ bus, newTopic }) => {
      const topic = await newTopic();
      const publish = publisher(bus, topic);
      await publish([...inPartition(0, 'a', 'b', 'c'), ...inPartition(3, 'd', 'e'), ...inPartition(7, 'f')]);
      const seen: string[] = [];
      const from = [1, 0, 0, 0, 0, 0, 0, 1];
      await bus.read(topic, from, async (messages) => void seen.push(...messages.map(text)));
      expect(seen.filter((value) => 'abc'.includes(value))).toEqual(['b', 'c']);
      expect(seen.toSorted()).toEqual(['b', 'c', 'd', 'e']);
      await bus.read(topic, await bus.ends(topic), () => Promise.reject(new Error('nothing is left to read')));
      const thrown = bus.read(topic, [], () => Promise.reject(new Error('enough')));
      await expect(thrown).rejects.toThrow('enough');
    },
  ],
];
