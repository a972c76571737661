import { zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { topicOf } from '@tongchou/contracts';
import { silentLog } from '@tongchou/event-store';
import { describeKafka, eventually, testBrokers, throwAwayDatabase } from '@tongchou/testing';
import kafkajs from 'kafkajs';
import type { Admin, Producer } from 'kafkajs';
import type { Bus, IncomingMessage, Subscription } from './bus.ts';
import { BusTransport } from './bus-transport.ts';
import { keptLog, ownName, specBus, strangersClient } from './kafka-spec.fixture.ts';
import { openMill, relayOf } from './mill.fixture.ts';
import { listParked, showParked } from './parked.ts';
import { factMessageOf, named, openListener, uuidFor } from './receiving.fixture.ts';
import { discardParked, releaseParked } from './release-parked.ts';
import type { Relay } from './relay.ts';

type Listener = Awaited<ReturnType<typeof openListener>>;
type Sent = Omit<IncomingMessage, 'offset'>;

const listening = (transport: BusTransport): Promise<void> =>
  new Promise((resolve, reject) => transport.listen((error) => (error === undefined ? resolve() : reject(error))));

describeKafka('bad input on a real topic', () => {
  const source = ownName('mill');
  const topic = topicOf(source);
  const log = keptLog();
  const handedOut: number[] = [];
  const lost: Error[] = [];
  let listener: Listener;
  let bus: Bus;
  let stranger: Producer;
  let subscription: Subscription;

  const fact = (name: string, version: number, shape: Parameters<typeof factMessageOf>[2] = {}): Sent =>
    factMessageOf(name, version, { source, ...shape });
  /** All to one partition, so that the good ones lie behind the bad ones. */
  const send = (messages: readonly Sent[], producer: Pick<Producer, 'send'> = stranger, compression = 0) =>
    producer.send({
      topic,
      compression,
      messages: messages.map(({ key, headers, value }) => ({ key, headers, value, partition: 0 })),
    });
  const place = (): number | undefined =>
    subscription.status().assigned.find(({ partition }) => partition === 0)?.position;
  const end = async (): Promise<number> => (await bus.ends(topic))[0] ?? 0;
  const allHandled = async (): Promise<void> => {
    const wanted = await end();
    await eventually('all is handled', () => place() === wanted);
  };
  const reasonsOf = async (name: string): Promise<unknown[]> =>
    (await listParked(listener.store, { streamId: uuidFor(name) })).map(({ version, reason }) => [version, reason]);

  beforeAll(async () => {
    listener = await openListener(await throwAwayDatabase(), { listensTo: [source] });
    bus = specBus(testBrokers(), listener.store.pool, { log, onLost: (error) => lost.push(error) });
    await bus.openTopic(topic);
    stranger = strangersClient(testBrokers()).producer({ allowAutoTopicCreation: false });
    await stranger.connect();
    const { receiver } = listener;
    subscription = await bus.subscribe({
      group: ownName('bakery'),
      topics: [topic],
      from: 'earliest',
      startAt: receiver.startAt,
      async onBatch(batch) {
        if (batch.partition === 0) handedOut.push(...batch.messages.map(({ offset }) => offset));
        await receiver.receive(batch);
      },
    });
  });
  afterAll(async () => {
    await stranger?.disconnect();
    await bus?.close();
    await listener?.close();
  });

  it('delivers the good ones in order, and parks the bad ones with reason and bytes', async () => {
    const huge = 'x'.repeat(5 * 1024 * 1024);
    const elsewhere = Buffer.from(uuidFor('elsewhere'));
    await send([fact('a', 1), { ...fact('null', 1), value: null }, fact('a', 2)]);
    await send([{ ...fact('text', 1), value: Buffer.from('{"sacks":') }, fact('a', 3)]);
    await send([fact('shape', 1, { data: { sacks: 'many' } }), fact('shape', 2), fact('a', 4)]);
    await send([fact('future', 1, { schemaVersion: 2 }), fact('future', 2), fact('a', 5)]);
    await send([{ ...fact('key', 1), key: elsewhere }, fact('key', 2), fact('a', 6)]);
    await send([fact('large', 1, { data: { sacks: 1, note: huge } }), fact('a', 7)]);
    await send([{ ...fact('large', 2), value: Buffer.from(huge) }, fact('a', 8)]);
    await send([fact('fork', 1), fact('fork', 1, { eventId: uuidFor('another history') }), fact('fork', 2)]);
    await send([fact('type', 1, { type: 'Sifted', data: { fine: true } }), fact('type', 2), fact('a', 9)]);
    await send([{ key: null, headers: {}, value: Buffer.from('no envelope') }, fact('a', 10)]);
    await allHandled();

    const stored = await listener.received();
    expect(stored.filter((one) => one.startsWith(uuidFor('a')))).toEqual(named('a', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
    const others = stored.filter((one) => !one.startsWith(uuidFor('a')));
    expect(others).toEqual([...named('large', 1), ...named('fork', 1), ...named('type', 1, 2)]);
    expect(await reasonsOf('shape')).toEqual([
      [1, 'breach'],
      [2, 'behind'],
    ]);
    expect(await reasonsOf('future')).toEqual([
      [1, 'unknown-version'],
      [2, 'behind'],
    ]);
    expect(await reasonsOf('key')).toEqual([
      [1, 'breach'],
      [2, 'behind'],
    ]);
    expect(await reasonsOf('fork')).toEqual([
      [1, 'forked'],
      [2, 'behind'],
    ]);
    const alone = (await listParked(listener.store)).filter(({ streamId }) => streamId === null);
    const shown = await Promise.all(alone.map(({ id }) => showParked(listener.store, id)));
    expect(shown.map((one) => [one?.reason, one?.value?.slice(0, 11), one?.value?.length])).toEqual([
      ['unreadable', undefined, undefined],
      ['unreadable', '{"sacks":', 9],
      ['unreadable', 'x'.repeat(11), huge.length],
      ['unreadable', 'no envelope', 11],
    ]);
    expect(listener.receiver.status()).toMatchObject({ unknownTypes: 1, received: 14 });
  });

  it('gives them back after a fix', async () => {
    const waiting = async (name: string) =>
      (await listParked(listener.store, { streamId: uuidFor(name) }))[0]?.id ?? '';
    listener.contracts.known = 2;
    await releaseParked(listener.store, { source, streamId: uuidFor('future') }, listener.contracts);
    expect(await discardParked(listener.store, [await waiting('fork')], 'not ours', listener.contracts)).toBe(1);
    await send([fact('shape', 1), fact('key', 1), fact('a', 11)]);
    await allHandled();
    const stored = await listener.received();
    for (const name of ['shape', 'future', 'key', 'fork']) {
      expect(stored.filter((one) => one.startsWith(uuidFor(name)))).toEqual(named(name, 1, 2));
      expect(await reasonsOf(name)).toEqual([]);
    }
  });

  it('reads what was compressed in a way that kafkajs cannot unpack', async () => {
    const codecs: Record<number, unknown> = kafkajs.CompressionCodecs;
    const { ZSTD } = kafkajs.CompressionTypes;
    const before = codecs[ZSTD];
    codecs[ZSTD] = () => ({ compress: async ({ buffer }: { buffer: Buffer }) => zstdCompressSync(buffer) });
    await send([fact('packed', 1), fact('packed', 2)], stranger, ZSTD).finally(() => (codecs[ZSTD] = before));
    await allHandled();
    expect((await listener.received()).slice(-2)).toEqual(named('packed', 1, 2));
  });

  it('passes a transaction that was given up, larger than a fetch, and reads on behind it', async () => {
    const transactional = strangersClient(testBrokers()).producer({
      transactionalId: ownName('spec'),
      maxInFlightRequests: 1,
      idempotent: true,
      allowAutoTopicCreation: false,
    });
    await transactional.connect();
    const transaction = await transactional.transaction();
    const given = { sacks: 1, note: 'x'.repeat(700_000) };
    for (const version of [1, 2, 3]) await send([fact('given up', version, { data: given })], transaction);
    await transaction.abort();
    await transactional.disconnect();
    await send([fact('large', 2, { data: { sacks: 2, note: 'x'.repeat(2 * 1024 * 1024) } }), fact('a', 12)]);
    await eventually('the last one', async () => (await listener.received()).at(-1) === named('a', 12)[0]);
    expect(await reasonsOf('given up')).toEqual([]);
  });

  it('handed everything out once: nothing was begun anew', async () => {
    expect(handedOut).toEqual([...new Set(handedOut)]);
    expect(subscription.status()).toMatchObject({ healthy: true });
    expect(log.lines.filter((line) => /no place in the group|was not handled/.test(line))).toEqual([]);
    expect(lost).toEqual([]);
  });
});

describeKafka('from store to store over Kafka', () => {
  const source = ownName('mill');
  const topic = topicOf(source);
  const group = ownName('bakery');
  let mill: Awaited<ReturnType<typeof openMill>>;
  let listener: Listener;
  let buses: Bus[];
  let relay: Relay;
  let transport: BusTransport;
  let admin: Admin;

  async function listen(): Promise<BusTransport> {
    const [, bus] = buses;
    if (!bus) throw new Error('No bus');
    const { receiver } = listener;
    const opened = new BusTransport({ bus, group, log: silentLog, startAt: receiver.startAt });
    opened.addHandler(topic, receiver.receive, true);
    await listening(opened);
    return opened;
  }
  async function grind(facts: number): Promise<void> {
    for (let at = 0; at < facts; at += 1) await mill.grind(`mill ${at % 7}`, at % 4 === 3 ? 'private' : 'public');
  }
  /** Every own event of the mill arrived, once, in the order of its stream, and nothing waits. */
  async function everythingArrived(): Promise<void> {
    const wanted = await mill.ground();
    await eventually('everything arrives', async () => (await listener.received()).length >= wanted.length);
    await eventually('nothing waits', async () => (await listParked(listener.store)).length === 0);
    const received = await listener.received();
    expect([...received].sort()).toEqual([...wanted].sort());
    const last = new Map<string, number>();
    for (const place of received) {
      const [stream = '', version = ''] = place.split('/');
      expect(Number(version)).toBe((last.get(stream) ?? 0) + 1);
      last.set(stream, Number(version));
    }
  }

  beforeAll(async () => {
    mill = await openMill(await throwAwayDatabase(), source);
    listener = await openListener(await throwAwayDatabase(), { listensTo: [source] });
    buses = [specBus(testBrokers(), mill.store.pool), specBus(testBrokers(), listener.store.pool)];
    admin = strangersClient(testBrokers()).admin();
    await admin.connect();
    relay = relayOf(mill.store, buses[0] ?? specBus(testBrokers(), mill.store.pool));
    transport = await listen();
  });
  afterAll(async () => {
    await relay?.stop();
    await transport?.close();
    await Promise.all((buses ?? []).map((bus) => bus.close()));
    await admin?.disconnect();
    await Promise.all([mill?.close(), listener?.close()]);
  });

  it('brings every fact, public and private, in order, once', async () => {
    await grind(60);
    await everythingArrived();
    expect(transport.subscriptionStatus()).toMatchObject({ healthy: true });
  });

  it('publishes a topic anew that was deleted and made again, while both sides go on', async () => {
    const { generation } = relay.status();
    for (const made of [1, 2]) {
      await admin.deleteTopics({ topics: [topic] });
      await grind(20 * made);
      await eventually('the topic is back', async () => (await admin.listTopics()).includes(topic));
    }
    await grind(20);
    await everythingArrived();
    await eventually('a new generation', () => relay.status().generation !== generation);
    await eventually('no trouble stays', () => relay.status().trouble === undefined);
    expect(transport.subscriptionStatus()).toMatchObject({ healthy: true });
  });

  it('reads from the earliest where its place is gone, and is healed by publishing again', async () => {
    await transport.close();
    await grind(70);
    const ground = Date.now();
    await eventually('all is published', () => Date.parse(relay.status().closedInstant ?? '') > ground);
    const ends = await admin.fetchTopicOffsets(topic);
    // Also what was never read goes, as when a listener is away for longer than the retention.
    await admin.deleteTopicRecords({
      topic,
      partitions: ends.map(({ partition, high }) => ({ partition, offset: high })),
    });
    transport = await listen();
    await grind(70);
    await eventually('facts wait for those that are gone', async () => (await listParked(listener.store)).length > 0);
    expect(new Set((await listParked(listener.store)).map(({ reason }) => reason))).toEqual(new Set(['gap', 'behind']));
    await admin.deleteTopics({ topics: [topic] });
    await everythingArrived();
  });
});
