import { silentLog } from '@tongchou/event-store';
import { openPostgresBus } from '@tongchou/messaging';
import { openFreshBroker } from './fresh-broker.ts';
import { type BenchReadLatencyOptions, latencyRow } from './read-latency.ts';
import { type BenchTable, quantile } from './table.ts';
import { followSteadily, openTwoServices, type TwoServicesPlan } from './two-services.ts';

const KAFKA_P50_BAR_MS = 50;

type Rate = Required<Pick<BenchReadLatencyOptions, 'eventsPerSecond' | 'seconds'>>;

/** How long after appends the other service's read model had them, in services that were opened for this run. */
async function foreignMs(plan: TwoServicesPlan, rate: Rate): Promise<number[]> {
  const services = await openTwoServices(plan);
  try {
    return (await followSteadily(services, rate)).foreignMs;
  } finally {
    await services.close();
  }
}

/**
 * From the answer to an append until a read with its token is answered in another service, over Kafka and over the
 * PostgreSQL bus in turns, each run with stores and bus of its own.
 *
 * @param freshDatabase makes an empty database on the server under test and answers its address.
 */
export async function benchReadLatencyOverKafka(
  freshDatabase: (name: string) => Promise<string>,
  { eventsPerSecond = 300, seconds = 10, runs = 3 }: BenchReadLatencyOptions = {},
): Promise<BenchTable> {
  const rate = { eventsPerSecond, seconds };
  const kafka: number[][] = [];
  const postgres: number[][] = [];
  for (let run = 0; run < runs; run += 1) {
    const broker = await openFreshBroker();
    try {
      const plan = { freshDatabase, name: `bench_kafka_${run}`, openBus: broker.bus };
      kafka.push(await foreignMs(plan, rate));
    } finally {
      await broker.close();
    }
    const bus = await openPostgresBus({ url: await freshDatabase(`bench_beside_${run}_bus`), log: silentLog });
    postgres.push(await foreignMs({ freshDatabase, name: `bench_beside_${run}`, openBus: () => bus }, rate));
  }
  const at = (runsMs: readonly number[][], share: number): number[] => runsMs.map((ms) => quantile(ms, share));
  return {
    name: 'read latency over Kafka',
    rows: [
      latencyRow('other service over Kafka, p50', at(kafka, 0.5), KAFKA_P50_BAR_MS),
      latencyRow('other service over Kafka, p99', at(kafka, 0.99)),
      latencyRow('other service over the PostgreSQL bus beside it, p50', at(postgres, 0.5)),
      latencyRow('other service over the PostgreSQL bus beside it, p99', at(postgres, 0.99)),
    ],
    notes: [
      `Medians of ${runs} runs each, in turns, of ${eventsPerSecond} appends a second for ${seconds} s, each followed by a read with its token in both services, as in "read latency"; every run has stores and a bus of its own. One node of Apache Kafka on the same cores; both services and the load share one process.`,
    ],
  };
}
