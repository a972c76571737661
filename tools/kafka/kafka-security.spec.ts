import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { topicOf } from '@tongchou/contracts';
import type { Bus, KafkaConnection } from '@tongchou/messaging';
import { eventually, throwAwayDatabase } from '@tongchou/testing';
import kafkajs from 'kafkajs';
import type { Admin } from 'kafkajs';
import { specBus } from '../../libs/messaging/src/kafka-spec.fixture.ts';
import { openMill, relayOf } from '../../libs/messaging/src/mill.fixture.ts';
import { openListener } from '../../libs/messaging/src/receiving.fixture.ts';
import { makeCertificates } from './certificates.ts';
import { startKafka, type KafkaCluster } from './cluster.ts';
import { documentedRights } from './documented-rights.fixture.ts';
import { describeNodes } from './nodes.fixture.ts';

const FIRST_PORT = 30_300;
const STARTS_WITHIN_MS = 180_000;
const ADMIN = { username: 'admin', password: 'of the admin' };
const USERS = { projects: 'of projects', costs: 'of costs', nobody: 'of nobody' };
const PROJECTS = topicOf('projects');

/** What a client gets wrong. */
interface Wrong {
  readonly tls?: KafkaConnection['tls'] | 'none';
  readonly sasl?: KafkaConnection['sasl'] | 'none';
}

describeNodes('a secured broker: TLS, SCRAM-SHA-512, least rights', () => {
  let folder: string;
  let cluster: KafkaCluster;
  let ca: string;
  let admin: Admin;
  let projects: Awaited<ReturnType<typeof openMill>>;
  let costs: Awaited<ReturnType<typeof openListener>>;
  const open: { close(): Promise<void> }[] = [];

  /** A bus as this user, with whatever is to be wrong about it. */
  function busOf(username: keyof typeof USERS, wrong: Wrong = {}, onLost?: (error: Error) => void): Bus {
    const { pool } = username === 'projects' ? projects.store : costs.store;
    const { tls = { ca }, sasl = { username, password: USERS[username] } } = wrong;
    const secured = { ...(tls !== 'none' && { tls }), ...(sasl !== 'none' && { sasl }) };
    const bus = specBus(cluster.brokers.split(','), pool, {
      clientId: username,
      ...secured,
      ...(onLost && { onLost }),
    });
    open.push(bus);
    return bus;
  }
  const troubleOf = async (bus: Bus, group: string): Promise<string> => {
    const subscription = await bus.subscribe({ group, topics: [PROJECTS], from: 'earliest', onBatch: async () => {} });
    const trouble = await eventually('its trouble', () => subscription.status().reason);
    await subscription.close();
    return trouble;
  };

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tongchou-secured-'));
    const certificates = path.join(folder, 'certificates');
    ca = await makeCertificates(certificates);
    cluster = await startKafka({
      folder: path.join(folder, 'kafka'),
      firstPort: FIRST_PORT,
      security: { certificates, admin: ADMIN },
      users: USERS,
    });
    admin = new kafkajs.Kafka({
      brokers: cluster.brokers.split(','),
      ssl: { ca: [ca] },
      sasl: { mechanism: 'scram-sha-512', ...ADMIN },
      logLevel: kafkajs.logLevel.NOTHING,
    }).admin();
    await admin.connect();
    projects = await openMill(await throwAwayDatabase(), 'projects');
    costs = await openListener(await throwAwayDatabase(), { listensTo: ['projects'] });
  }, STARTS_WITHIN_MS);
  afterAll(async () => {
    for (const part of open.splice(0).reverse()) await part.close();
    await Promise.all([projects?.close(), costs?.close(), admin?.disconnect()]);
    await cluster?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('lets nobody in without rights, and says what they are', async () => {
    const bus = busOf('costs');
    await expect(bus.openTopic(topicOf('costs'))).rejects.toThrow(
      /costs.events.v1 is missing and cannot be made here: .*AUTHORIZATION_FAILED.*docs\/operations\/kafka.md lists the ACLs/,
    );
    expect(await troubleOf(bus, 'costs')).toMatch(/projects.events.v1 is missing .*the user lacks rights/);
  });

  it('brings facts from one service to the other with the rights that the guide lists', async () => {
    const { receiver } = costs;
    const bus = busOf('costs');
    const subscription = await bus.subscribe({
      group: 'costs',
      topics: [PROJECTS],
      from: 'earliest',
      onBatch: receiver.receive,
      startAt: receiver.startAt,
    });
    // The rights come while both sides wait for them.
    const relay = relayOf(projects.store, busOf('projects'));
    open.push({ close: () => relay.stop() });
    await eventually('the relay says what it lacks', () => /lacks rights/.test(relay.status().trouble ?? ''));
    await eventually('the listener says so too', () => /lacks rights/.test(subscription.status().reason ?? ''));
    await admin.createAcls({ acl: await documentedRights() });
    for (let at = 0; at < 30; at += 1) await projects.grind(`project ${at % 5}`, 'public', 'private');
    await eventually('all facts', async () => (await costs.received()).length === 60);
    expect(await costs.received()).toHaveLength((await projects.ground()).length);
    await eventually('all is well', () => subscription.status().healthy && relay.status().trouble === undefined);
  });

  it('refuses to write what is not its own', async () => {
    const before = await admin.fetchTopicOffsets(PROJECTS);
    const to = { generation: '0190a000-0000-7000-8000-000000000001', cursor: '1', epoch: 1, systemIdentifier: 's' };
    const bus = busOf('costs');
    const forged = bus.publish(PROJECTS, [{ key: 'a', headers: { ce_id: 'forged' }, value: Buffer.from('{}') }], {
      from: undefined,
      to,
    });
    await expect(forged).rejects.toThrow(
      /^Kafka: publishing to projects.events.v1: TOPIC_AUTHORIZATION_FAILED.*the user lacks rights/,
    );
    expect(await bus.checkpoint(PROJECTS)).toBeUndefined();
    await expect(bus.openTopic('elsewhere.events.v1')).rejects.toThrow(/missing and cannot be made here.*lacks rights/);
    // Watermarks may follow one another meanwhile, a forged message may not.
    const read = busOf('projects');
    const ids: (string | undefined)[] = [];
    await eventually('the topic is read', async () => (await read.ends(PROJECTS)).length === before.length);
    const subscription = await read.subscribe({
      group: 'projects',
      topics: [PROJECTS],
      from: 'earliest',
      onBatch: async ({ messages }) => void ids.push(...messages.map(({ headers }) => headers['ce_id'])),
    });
    await eventually('all facts', () => ids.length > 60);
    await subscription.close();
    expect(ids).not.toContain('forged');
  });

  it('refuses to read with the group of another service', async () => {
    expect(await troubleOf(busOf('costs'), 'projects')).toMatch(/group.*may not read with this group/);
  });

  it('hides what a user may not see', async () => {
    await expect(busOf('nobody').openTopic(PROJECTS)).rejects.toThrow(/projects.events.v1 is missing.*lacks rights/);
  });

  it.each<[string, Wrong, RegExp]>([
    [
      'a wrong password',
      { sasl: { username: 'costs', password: 'guessed' } },
      /user or password is refused: KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD$/,
    ],
    ['a stranger', { sasl: { username: 'mallory', password: 'x' } }, /user or password is refused/],
    [
      'another authority',
      { tls: { ca: rootCertificates[0] ?? '' } },
      /TLS does not fit: KAFKA_SSL and KAFKA_SSL_CA_FILE$/,
    ],
    ["the system's authorities", { tls: true }, /TLS does not fit: KAFKA_SSL and KAFKA_SSL_CA_FILE$/],
  ])('says what is wrong about %s', async (_, wrong, says) => {
    const bus = busOf('costs', wrong);
    await expect(bus.openTopic(topicOf('costs'))).rejects.toThrow(says);
    expect(await troubleOf(bus, 'costs')).toMatch(says);
  });

  it.each<[string, Wrong]>([
    ['without TLS', { tls: 'none' }],
    ['without a user', { sasl: 'none' }],
  ])('says what may be wrong %s', async (_, lacking) => {
    const bus = busOf('costs', lacking);
    const says = /the broker closed the connection: .* KAFKA_SSL and KAFKA_SASL_USERNAME do not fit its listener/;
    await expect(bus.openTopic(topicOf('costs'))).rejects.toThrow(says);
    expect(await troubleOf(bus, 'costs')).toMatch(says);
  });

  it('tells that a place is lost, once, when a right is taken away, and takes it again with the right', async () => {
    const lost: Error[] = [];
    const [right] = (await documentedRights()).filter(
      ({ principal, resourceName, operation }) =>
        principal === 'User:costs' && resourceName === PROJECTS && operation === kafkajs.AclOperationTypes.READ,
    );
    if (!right) throw new Error('The guide gives costs no right to read');
    const bus = busOf('costs', {}, (error) => lost.push(error));
    const subscription = await bus.subscribe({
      group: 'costs.relay.spec',
      topics: [PROJECTS],
      from: 'earliest',
      onBatch: async () => undefined,
    });
    await eventually('its place', () => subscription.status().assigned.length === 12);
    await admin.deleteAcls({ filters: [right] });
    await eventually('it is told', () => lost.length > 0);
    expect(lost[0]?.message).toMatch(
      /^Kafka: receiving as costs.relay.spec: .*TOPIC_AUTHORIZATION_FAILED.*lacks rights/,
    );
    await eventually('its reason', () => /lacks rights/.test(subscription.status().reason ?? ''));
    await admin.createAcls({ acl: [right] });
    await eventually('its place again', () => subscription.status().assigned.length === 12);
    expect(subscription.status()).toMatchObject({ healthy: true });
    expect(lost).toHaveLength(1);
  });
});
