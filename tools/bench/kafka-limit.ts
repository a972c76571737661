import { openStore } from '@tongchou/event-store';
import { openFreshBroker } from './fresh-broker.ts';
import { adapter, bytesOf, factMessages, type KafkaPeer, rawKafkajs } from './kafka-peers.ts';
import { type BenchRow, type BenchTable, median, spreadOf } from './table.ts';

export interface BenchKafkaLimitOptions {
  /** Messages that each produces in a run, and reads; 50,000 when not given. */
  readonly messages?: number;
  /** Runs of which the medians count; 5 when not given. */
  readonly runs?: number;
}

interface Rates {
  readonly produce: number[];
  readonly consume: number[];
}

const BAR = 0.7;
const READ_TOPIC = 'bench-read.events.v1';

const topicOfPeer = ({ name }: KafkaPeer): string => `bench-${name.replaceAll(' ', '-')}.events.v1`;

/** The peers in turns, another one first each time. */
async function measure(peers: readonly KafkaPeer[], count: number, runs: number): Promise<Map<string, Rates>> {
  const messages = factMessages(count);
  await peers[0]?.produce(READ_TOPIC, messages);
  const rates = new Map(peers.map(({ name }): [string, Rates] => [name, { produce: [], consume: [] }]));
  const oneRun = async (run: number): Promise<void> => {
    for (const peer of run % 2 === 0 ? peers : peers.toReversed()) {
      const produce = await peer.produce(topicOfPeer(peer), messages);
      const consume = await peer.consume(READ_TOPIC, `bench-${peer.name.replaceAll(' ', '-')}-${run}`, count);
      if (run < 0) continue;
      rates.get(peer.name)?.produce.push(produce);
      rates.get(peer.name)?.consume.push(consume);
    }
  };
  await oneRun(-1);
  for (let run = 0; run < runs; run += 1) await oneRun(run);
  return rates;
}

function rowsOf(rates: Map<string, Rates>, what: keyof Rates, said: string): BenchRow[] {
  const measured = [...rates].map(([name, { [what]: perSecond }]): BenchRow => {
    const value = Math.round(median(perSecond));
    return { figure: `${name}, ${said}`, value, unit: 'messages/s', spread: spreadOf(perSecond) };
  });
  const [raw, ours] = [...rates.values()].map(({ [what]: perSecond }) => perSecond);
  const ratios = (ours ?? []).map((rate, run) => rate / (raw?.[run] ?? rate));
  const value = Number(median(ratios).toFixed(2));
  const bar = { spread: spreadOf(ratios, 2), bar: `>= ${BAR}`, met: value >= BAR };
  return [...measured, { figure: `adapter over raw kafkajs, ${said}`, value, unit: 'times', ...bar }];
}

/**
 * The Kafka adapter against the client that it is made of: the same messages to and from the same broker, in turns.
 *
 * @param freshDatabase makes an empty database on the server under test and answers its address.
 */
export async function benchKafkaLimit(
  freshDatabase: (name: string) => Promise<string>,
  { messages = 50_000, runs = 5 }: BenchKafkaLimitOptions = {},
): Promise<BenchTable> {
  const store = await openStore({ url: await freshDatabase('bench_kafka_limit'), service: 'bench' });
  const broker = await openFreshBroker();
  try {
    const bus = broker.bus(store);
    const peers = [await rawKafkajs(broker.brokers), adapter(bus)];
    try {
      for (const topic of [READ_TOPIC, ...peers.map(topicOfPeer)]) await bus.openTopic(topic);
      const rates = await measure(peers, messages, runs);
      return {
        name: 'Kafka adapter',
        rows: [...rowsOf(rates, 'produce', 'produce'), ...rowsOf(rates, 'consume', 'consume')],
        notes: [
          `Medians of ${runs} runs in turns of ${messages.toLocaleString('en-US')} messages as the relay sends them, ${bytesOf(factMessages(1)[0] ?? { key: null, headers: {}, value: null })} bytes each with their headers, to 12 partitions of one node of Apache Kafka on the same cores; batches of 1,000, acknowledged by all, one at a time. The ratio is the median of the runs' ratios.`,
          'raw kafkajs: sends and counts, headers stay bytes; it keeps no checkpoint.',
          'adapter: before a batch it looks whether the checkpoint in the store still stands, and moves it afterwards in a committed transaction; what it hands out has its headers as text.',
        ],
      };
    } finally {
      await Promise.all(peers.map((peer) => peer.close()));
    }
  } finally {
    await broker.close();
    await store.close();
  }
}
