import kafkajs, { type Admin, type ITopicMetadata } from 'kafkajs';
import { SERVICES } from '../state/run-file.ts';
import { type Finding, ill, note, well } from './finding.ts';
import { askKafka, kafkaSecurity } from './kafka-admin.ts';

const PARTITIONS = 12;
const TOPICS = SERVICES.map((service) => `${service}.events.v1`);
const UNSEEN =
  'Start brokers that are down and ask again; else docs/operations/kafka.md lists the rights that the user needs.';

type Security = Awaited<ReturnType<typeof kafkaSecurity>>;

interface Topic {
  readonly name: string;
  readonly metadata: ITopicMetadata | undefined;
  readonly settings: Readonly<Record<string, string | undefined>>;
}

async function topicsOf(admin: Admin): Promise<Topic[]> {
  const there = await admin.listTopics();
  const names = TOPICS.filter((name) => there.includes(name));
  // Without names all topics would be fetched; with a missing one, a broker may make it.
  const { topics } = names.length > 0 ? await admin.fetchTopicMetadata({ topics: names }) : { topics: [] };
  const resources = names.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name }));
  const described =
    names.length > 0 ? await admin.describeConfigs({ resources, includeSynonyms: false }) : { resources: [] };
  return TOPICS.map((name) => {
    const entries = described.resources.find(({ resourceName }) => resourceName === name)?.configEntries ?? [];
    return {
      name,
      metadata: topics.find((topic) => topic.name === name),
      settings: Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue])),
    };
  });
}

/** Every broker by itself: a cluster that answers may have lost one. */
async function checkBrokers(brokers: readonly string[], security: Security): Promise<Finding[]> {
  return Promise.all(
    brokers.map(async (broker) => {
      const answer = await askKafka([broker], security, async () => ({ well: true }));
      const check = `broker ${broker}`;
      if (!('refused' in answer)) return well(check, 'answers');
      const remedy = 'Start it, or put KAFKA_BROKERS, KAFKA_SSL and KAFKA_SASL_* right; commands go on meanwhile.';
      return ill(check, `does not answer: ${answer.refused}`, remedy);
    }),
  );
}

function shapeFaults({ metadata, settings }: Topic): string[] {
  const partitions = metadata?.partitions ?? [];
  const leaderless = partitions.filter(({ leader }) => leader < 0).length;
  const policy = settings['cleanup.policy'];
  return [
    ...(partitions.length === PARTITIONS ? [] : [`${partitions.length} partitions, not ${PARTITIONS}`]),
    ...(leaderless === 0 ? [] : [`${leaderless} partitions without a leader`]),
    ...(policy?.includes('compact') ? [`compacted (cleanup.policy=${policy})`] : []),
  ];
}

function checkTopic(topic: Topic): Finding[] {
  const check = `topic ${topic.name}`;
  if (!topic.metadata) {
    return [
      ill(check, 'is missing', 'Start the service of that name: it makes its topic and publishes its facts again.'),
    ];
  }
  const faults = shapeFaults(topic);
  if (faults.length > 0) {
    const remedy =
      'Start brokers that are down. A wrong number of partitions: delete the topic, it is made anew and published again. Compacted: set cleanup.policy=delete, then npm run bus:republish.';
    return [ill(check, faults.join('; '), remedy)];
  }
  return [copies(topic, topic.metadata)];
}

/** How many copies there are, and how many must be written: with one, a lost disk loses what the bus holds. */
function copies({ name, settings }: Topic, { partitions }: ITopicMetadata): Finding {
  const check = `topic ${name}`;
  const replicas = Math.min(...partitions.map((partition) => partition.replicas.length));
  const behind = partitions.filter(({ isr, replicas: wanted }) => isr.length < wanted.length).length;
  const least = Number(settings['min.insync.replicas'] ?? 1);
  const days = Number(settings['retention.ms'] ?? 0) / 86_400_000;
  const says = `${PARTITIONS} partitions, ${replicas} ${replicas === 1 ? 'copy' : 'copies'}, ${least} written before a fact counts, kept ${days} days`;
  if (behind > 0) return ill(check, `${behind} partitions lack a copy: ${says}`, 'Start the broker that is down.');
  if (least > replicas) return ill(check, says, 'Nothing can be published: lower min.insync.replicas of the topic.');
  if (least >= 2) return well(check, says);
  return note(
    check,
    says,
    'One node has no copy of what it holds: a broker for production has three, KAFKA_REPLICATION_FACTOR=3 and KAFKA_MIN_INSYNC=2. The stores keep every fact.',
  );
}

interface Group {
  readonly id: string;
  readonly state: string;
  readonly members: number;
  readonly behind: number;
}

async function groupsOf(admin: Admin, topics: readonly string[]): Promise<Group[]> {
  const { groups } = await admin.describeGroups([...SERVICES]);
  const ends = new Map<string, number>();
  for (const topic of topics) {
    for (const { partition, high } of await admin.fetchTopicOffsets(topic))
      ends.set(`${topic} ${partition}`, Number(high));
  }
  return Promise.all(
    groups.map(async ({ groupId, state, members }) => {
      const read = await admin.fetchOffsets({
        groupId,
        topics: topics.filter((topic) => !topic.startsWith(`${groupId}.`)),
      });
      const behind = read.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset }) =>
          Math.max(0, (ends.get(`${topic} ${partition}`) ?? 0) - Math.max(0, Number(offset))),
        ),
      );
      return { id: groupId, state, members: members.length, behind: behind.reduce((sum, one) => sum + one, 0) };
    }),
  );
}

function checkGroup({ id, state, members, behind }: Group): Finding {
  const check = `group ${id}`;
  const says = `${state}, ${members} ${members === 1 ? 'member' : 'members'}, ${behind.toLocaleString('en-US')} messages behind`;
  if (members > 0) return well(check, says);
  return ill(
    check,
    says,
    `Nobody receives for ${id}: start it, or read why it does not in its log; it may lack the right to its group.`,
  );
}

/** Kafka as the services need it: every broker, topics, groups and their lag. */
export async function checkKafka(brokers: readonly string[]): Promise<Finding[]> {
  const security = await kafkaSecurity(process.env);
  const found = await checkBrokers(brokers, security);
  if (found.every(({ state }) => state === 'ill')) return found;
  const topics = await askKafka(brokers, security, topicsOf);
  if ('refused' in topics) return [...found, ill('topics', `cannot be seen: ${topics.refused}`, UNSEEN)];
  const there = topics.filter(({ metadata }) => metadata).map(({ name }) => name);
  const groups = await askKafka(brokers, security, (admin) => groupsOf(admin, there));
  return [
    ...found,
    ...topics.flatMap(checkTopic),
    ...('refused' in groups ? [ill('groups', `cannot be seen: ${groups.refused}`, UNSEEN)] : groups.map(checkGroup)),
  ];
}
