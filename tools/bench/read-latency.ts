import { silentLog } from '@tongchou/event-store';
import { openPostgresBus } from '@tongchou/messaging';
import { type BenchRow, type BenchTable, median, quantile, spreadOf } from './table.ts';
import { followSteadily, type Latencies, openTwoServices } from './two-services.ts';

export interface BenchReadLatencyOptions {
  /** 300 when not given. */
  readonly eventsPerSecond?: number;
  /** 10 when not given. */
  readonly seconds?: number;
  /** Runs of which the medians count; 3 when not given. */
  readonly runs?: number;
}

const OWN_BAR_MS = { p50: 15, p99: 60 };
const FOREIGN_P50_BAR_MS = 40;

/** The median of runs, in milliseconds. */
export function latencyRow(name: string, runs: readonly number[], barMs?: number): BenchRow {
  const value = median(runs);
  const row = { figure: name, value: Number(value.toFixed(1)), unit: 'ms', spread: spreadOf(runs, 1) };
  return barMs === undefined ? row : { ...row, bar: `<= ${barMs}`, met: value <= barMs };
}

/**
 * From the answer to an append until a read with its token is answered, in the own and in another service's read model, at
 * a steady rate that does not wait for answers.
 *
 * @param freshDatabase makes an empty database on the server under test and answers its address.
 */
export async function benchReadLatency(
  freshDatabase: (name: string) => Promise<string>,
  { eventsPerSecond = 300, seconds = 10, runs = 3 }: BenchReadLatencyOptions = {},
): Promise<BenchTable> {
  const bus = await openPostgresBus({ url: await freshDatabase('bench_bus'), log: silentLog });
  const services = await openTwoServices({ freshDatabase, name: 'bench', openBus: () => bus });
  const measured: Latencies[] = [];
  try {
    for (let run = 0; run < runs; run += 1) measured.push(await followSteadily(services, { eventsPerSecond, seconds }));
  } finally {
    await services.close();
  }
  const own = (share: number): number[] => measured.map(({ ownMs }) => quantile(ownMs, share));
  const foreign = (share: number): number[] => measured.map(({ foreignMs }) => quantile(foreignMs, share));
  return {
    name: 'read latency',
    rows: [
      latencyRow('own read model, p50', own(0.5), OWN_BAR_MS.p50),
      latencyRow('own read model, p99', own(0.99), OWN_BAR_MS.p99),
      latencyRow('other service over the PostgreSQL bus, p50', foreign(0.5), FOREIGN_P50_BAR_MS),
      latencyRow('other service over the PostgreSQL bus, p99', foreign(0.99)),
    ],
    notes: [
      `Medians of ${runs} runs of ${eventsPerSecond} appends a second for ${seconds} s, each followed by a read with its token in both services; from the append's answer to the read's. Both services, the bus and the load share one process and one PostgreSQL.`,
    ],
  };
}
