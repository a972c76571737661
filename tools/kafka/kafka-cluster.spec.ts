import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { topicOf } from '@tongchou/contracts';
import { eventually, throwAwayDatabase } from '@tongchou/testing';
import type { Bus, Relay, Subscription } from '@tongchou/messaging';
import { specBus, strangersClient } from '../../libs/messaging/src/kafka-spec.fixture.ts';
import { openMill, relayOf } from '../../libs/messaging/src/mill.fixture.ts';
import { openListener } from '../../libs/messaging/src/receiving.fixture.ts';
import { startKafka, type KafkaCluster } from './cluster.ts';
import { describeNodes } from './nodes.fixture.ts';

const FIRST_PORT = 30_400;
const STARTS_WITHIN_MS = 180_000;
const SETTLES_WITHIN_MS = 120_000;
const FROZEN_MS = 15_000;
const NODES = [1, 2, 3];
const STREAMS = 9;

describeNodes('a cluster of three nodes', () => {
  let folder: string;
  let cluster: KafkaCluster;
  let mill: Awaited<ReturnType<typeof openMill>>;
  let bakery: Awaited<ReturnType<typeof openListener>>;
  let buses: Bus[] = [];
  let relay: Relay;
  let subscription: Subscription;
  let grinding: Promise<number>;
  let slowestMs = 0;
  const lost: Error[] = [];
  const stopped = new AbortController();

  /** Commands, one after the other for as long as this spec runs: the bus is none of their business. */
  async function grindOn(): Promise<number> {
    let facts = 0;
    for (; !stopped.signal.aborted; facts += 1) {
      const began = performance.now();
      await mill.grind(`mill ${facts % STREAMS}`, facts % 4 === 3 ? 'private' : 'public');
      slowestMs = Math.max(slowestMs, performance.now() - began);
      await pause(5);
    }
    return facts;
  }
  const received = async (): Promise<number> => (await bakery.received()).length;
  const ground = async (): Promise<number> => (await mill.ground()).length;
  /** Whatever was ground until now gets through. */
  async function getsThrough(): Promise<void> {
    const wanted = await ground();
    await eventually('it gets through', async () => (await received()) >= wanted, SETTLES_WITHIN_MS);
    await eventually('all is well', () => subscription.status().healthy && relay.status().trouble === undefined);
  }

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tongchou-cluster-'));
    cluster = await startKafka({ folder, nodes: 3, firstPort: FIRST_PORT });
    mill = await openMill(await throwAwayDatabase());
    bakery = await openListener(await throwAwayDatabase());
    const topics = { replicationFactor: 3, minInsync: 2 };
    const onLost = (error: Error): void => void lost.push(error);
    const busOf = ({ pool }: typeof mill.store): Bus => specBus(cluster.brokers.split(','), pool, { topics, onLost });
    buses = [busOf(mill.store), busOf(bakery.store)];
    const [sending = busOf(mill.store), reading = busOf(bakery.store)] = buses;
    relay = relayOf(mill.store, sending);
    subscription = await reading.subscribe({
      group: 'bakery',
      topics: [topicOf('mill')],
      from: 'earliest',
      onBatch: bakery.receiver.receive,
      startAt: bakery.receiver.startAt,
    });
    grinding = grindOn();
    await eventually('the first facts', async () => (await received()) > 0, SETTLES_WITHIN_MS);
  }, STARTS_WITHIN_MS);
  afterAll(async () => {
    stopped.abort();
    await grinding;
    await relay?.stop();
    await Promise.all(buses.map((bus) => bus.close()));
    await Promise.all([mill?.close(), bakery?.close()]);
    await cluster?.stop();
    await rm(folder, { recursive: true, force: true });
  }, STARTS_WITHIN_MS);

  it('keeps three copies of the topic, two of them written before a fact counts', async () => {
    const admin = strangersClient(cluster.brokers.split(',')).admin();
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: [topicOf('mill')] });
    await admin.disconnect();
    expect(topics[0]?.partitions.map(({ replicas }) => replicas.length)).toEqual(Array.from({ length: 12 }, () => 3));
  });

  it(
    'goes on without one node that was killed, and with it again',
    async () => {
      cluster.node(1).signal('SIGKILL');
      await cluster.node(1).ended;
      await getsThrough();
      await cluster.restart(1);
      await getsThrough();
    },
    STARTS_WITHIN_MS,
  );

  it(
    'waits at most its own time for a frozen node, and recovers',
    async () => {
      const frozen = cluster.node(2);
      const thaws = pause(FROZEN_MS);
      frozen.signal('SIGSTOP');
      const before = await ground();
      try {
        await eventually('commands go on', async () => (await ground()) > before);
        await getsThrough();
        await thaws;
      } finally {
        frozen.signal('SIGCONT');
      }
      await getsThrough();
    },
    STARTS_WITHIN_MS,
  );

  it(
    'resumes after all three were killed',
    async () => {
      NODES.forEach((id) => cluster.node(id).signal('SIGKILL'));
      await Promise.all(NODES.map((id) => cluster.node(id).ended));
      await eventually('the relay says so', () => relay.status().trouble, SETTLES_WITHIN_MS);
      const before = await ground();
      await eventually('commands go on', async () => (await ground()) > before);
      await Promise.all(NODES.map((id) => cluster.restart(id)));
      await getsThrough();
    },
    STARTS_WITHIN_MS,
  );

  it('lost and doubled nothing, and kept the order of every stream', async () => {
    stopped.abort();
    const facts = await grinding;
    await getsThrough();
    const places = await bakery.received();
    expect(places).toHaveLength(facts);
    expect([...places].sort()).toEqual((await mill.ground()).sort());
    const last = new Map<string, number>();
    for (const place of places) {
      const [stream = '', version = ''] = place.split('/');
      expect(Number(version)).toBe((last.get(stream) ?? 0) + 1);
      last.set(stream, Number(version));
    }
    expect(lost).toEqual([]);
    console.log(`${facts} facts; the slowest command took ${Math.round(slowestMs)} ms`);
  });
});
