import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { topicOf } from '@tongchou/contracts';
import { describeKafka, eventually, testBrokers, throwAwayDatabase } from '@tongchou/testing';
import type { Admin } from 'kafkajs';
import type { Bus } from './bus.ts';
import type { KafkaBusOptions } from './kafka-bus.ts';
import { keptLog, ownName, specBus, strangersClient } from './kafka-spec.fixture.ts';
import { openMill, relayOf } from './mill.fixture.ts';
import { openListener } from './receiving.fixture.ts';

/** A free address that nobody serves until it is opened: then it leads to the run's broker. */
async function closedDoor() {
  const [host = '', port = ''] = (testBrokers()[0] ?? '').split(/:(?=\d+$)/);
  const serve = (): Server =>
    createServer((client) => {
      const broker = connect(Number(port), host);
      const ends: Socket[] = [client, broker];
      for (const end of ends) end.on('error', () => ends.forEach((one) => one.destroy()));
      client.pipe(broker).pipe(client);
    });
  const free = serve().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port: ours } = free.address() as AddressInfo;
  free.close();
  await once(free, 'close');
  const door = serve();
  return {
    address: `127.0.0.1:${ours}`,
    async open() {
      door.listen(ours, '127.0.0.1');
      await once(door, 'listening');
    },
    close: async () => void door.close(),
  };
}

describeKafka('what goes wrong with Kafka', () => {
  let mill: Awaited<ReturnType<typeof openMill>>;
  let listener: Awaited<ReturnType<typeof openListener>>;
  let admin: Admin;
  const open: { close(): Promise<void> }[] = [];
  const source = ownName('mill');

  beforeAll(async () => {
    mill = await openMill(await throwAwayDatabase(), source);
    listener = await openListener(await throwAwayDatabase(), { listensTo: [source] });
    admin = strangersClient(testBrokers()).admin();
    await admin.connect();
  });
  afterEach(async () => {
    for (const part of open.splice(0).reverse()) await part.close();
  });
  afterAll(async () => {
    await admin?.disconnect();
    await Promise.all([mill?.close(), listener?.close()]);
  });

  function busOf(options: Partial<KafkaBusOptions> = {}): Bus {
    const bus = specBus(testBrokers(), mill.store.pool, options);
    open.push(bus);
    return bus;
  }
  const listen = (bus: Bus, topic: string) =>
    bus.subscribe({ group: ownName('spec'), topics: [topic], from: 'earliest', onBatch: async () => undefined });
  const reasonOf = async (bus: Bus, topic: string): Promise<string> => {
    const subscription = await listen(bus, topic);
    const reason = await eventually('its reason', () => subscription.status().reason);
    expect(subscription.status()).toMatchObject({ healthy: false, assigned: [] });
    return reason;
  };

  it.each<[string, readonly string[], RegExp]>([
    [
      'nobody listens',
      ['127.0.0.1:1'],
      /^Kafka: .*ECONNREFUSED.*no broker answers: start it, or put KAFKA_BROKERS right$/,
    ],
    ['there is no such machine', ['no-broker.invalid:9092'], /^Kafka: .*no broker answers: .*KAFKA_BROKERS right$/],
  ])('says so where %s, and commands go on', async (_, brokers, says) => {
    const bus = busOf({ brokers });
    await expect(bus.openTopic(topicOf(source))).rejects.toThrow(says);
    expect(await reasonOf(bus, topicOf(source))).toMatch(/no broker answers/);
    const relay = relayOf(mill.store, bus);
    open.push({ close: () => relay.stop() });
    await mill.grind('meanwhile', 'public');
    await eventually('the relay says so', () => /no broker answers/.test(relay.status().trouble ?? ''));
    expect(relay.status().stopped).toBeUndefined();
  });

  it('recovers by itself when a broker that was away at the start comes, and loses no place by it', async () => {
    const door = await closedDoor();
    open.push({ close: door.close });
    const lost: Error[] = [];
    const bus = busOf({ brokers: [door.address], onLost: (error) => lost.push(error) });
    const { receiver } = listener;
    const subscription = await bus.subscribe({
      group: ownName('bakery'),
      topics: [topicOf(source)],
      from: 'earliest',
      onBatch: receiver.receive,
      startAt: receiver.startAt,
    });
    const relay = relayOf(mill.store, bus);
    open.push({ close: () => relay.stop() });
    await mill.grind('early', 'public', 'private', 'public');
    await eventually('both wait', () => !subscription.status().healthy && relay.status().trouble !== undefined);
    expect(subscription.status().reason).toMatch(/no broker answers/);
    await door.open();
    await eventually('all facts', async () => (await listener.received()).length === (await mill.ground()).length);
    await eventually('all is well', () => subscription.status().healthy && relay.status().trouble === undefined);
    expect(lost).toEqual([]);
  });

  it('ends at once when it is closed while it waits for a broker', async () => {
    const log = keptLog();
    const bus = specBus(['127.0.0.1:1'], mill.store.pool, { log });
    const subscription = await listen(bus, topicOf(source));
    await eventually('it waits', () => subscription.status().reason);
    await bus.close();
    const said = log.lines.length;
    await subscription.close();
    expect(log.lines).toHaveLength(said);
  });

  it.each<[string, object, RegExp]>([
    [
      'has another number of partitions',
      { numPartitions: 6 },
      /has 6 partitions, not 12: .*Delete the topic; it is made anew and published again from the store\.$/,
    ],
    [
      'is compacted',
      { numPartitions: 12, configEntries: [{ name: 'cleanup.policy', value: 'compact' }] },
      /is compacted \(cleanup.policy=compact\): .*Set cleanup.policy=delete, then npm run bus:republish\.$/,
    ],
  ])('refuses a topic that %s, and takes it once it is put right', async (_, made, says) => {
    const topic = topicOf(ownName('spec'));
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic, replicationFactor: 1, ...made }] });
    const bus = busOf();
    await expect(bus.openTopic(topic)).rejects.toThrow(says);
    const subscription = await listen(bus, topic);
    expect(await eventually('its reason', () => subscription.status().reason)).toMatch(says);
    await admin.deleteTopics({ topics: [topic] });
    await eventually('its place', () => subscription.status().assigned.length === 12);
    expect(subscription.status()).toMatchObject({ healthy: true });
  });

  it('says so where a topic should have more copies than there are brokers', async () => {
    const bus = busOf({ topics: { replicationFactor: 9, minInsync: 1 } });
    const topic = topicOf(ownName('spec'));
    const says = /INVALID_REPLICATION_FACTOR.*fewer brokers than copies: KAFKA_REPLICATION_FACTOR and KAFKA_MIN_INSYNC/;
    await expect(bus.openTopic(topic)).rejects.toThrow(says);
    expect(await reasonOf(bus, topic)).toMatch(says);
  });

  it('gives a message up that no topic takes, and says why', async () => {
    const topic = topicOf(ownName('spec'));
    const bus = busOf();
    await bus.openTopic(topic);
    const to = { generation: '0190a000-0000-7000-8000-000000000001', cursor: '1', epoch: 1, systemIdentifier: 's' };
    const huge = [{ key: 'a', headers: {}, value: Buffer.alloc(17 * 1024 * 1024) }];
    await expect(bus.publish(topic, huge, { from: undefined, to })).rejects.toThrow(/MESSAGE_TOO_LARGE/);
  });
});
