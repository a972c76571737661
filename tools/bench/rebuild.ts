import { performance } from 'node:perf_hooks';
import { type Decode, openStore, silentLog, startRunner, type Store } from '@tongchou/event-store';
import type { Fact, ReadModel } from '@tongchou/kernel';
import { type BenchRow, type BenchTable, median, spreadOf } from './table.ts';

export interface BenchRebuildOptions {
  /** 100,000 when not given. */
  readonly events?: number;
  readonly streams?: number;
  /** Runs of which the median counts; 3 when not given. */
  readonly runs?: number;
}

interface Revised {
  readonly type: 'FinishForecastRevised';
  readonly period: string;
  readonly finish: string;
  readonly slipDays: number;
}

interface Row {
  readonly projectId: string;
  readonly reports: number;
  readonly slipDays: number;
  readonly forecastFinish: string;
  readonly lastHeardOn: string;
}

const BAR = 10_000;

/** As wide as a table of works needs to be: one row a stream, changed by every event. */
const works: ReadModel<Row, Fact<Revised>, 'projectId'> = {
  name: 'bench_works',
  version: 1,
  columns: { projectId: 'uuid', reports: 'integer', slipDays: 'bigint', forecastFinish: 'date', lastHeardOn: 'date' },
  primaryKey: ['projectId'],
  indexes: [['forecastFinish', 'projectId']],
  key: ({ streamId }) => ({ projectId: streamId }),
  fold: (row, { streamId, event }) => ({
    projectId: streamId,
    reports: (row?.reports ?? 0) + 1,
    slipDays: (row?.slipDays ?? 0) + event.slipDays,
    forecastFinish: event.finish,
    lastHeardOn: event.period,
  }),
};

const decode: Decode = (_source, type, _version, data) => ({ ...data, type });

const DESCRIPTION = 'Reconstruction of water mains, sewers, roadway and street lighting between the bridges. '.repeat(
  3,
);

/** Events of 0.7 kB, the streams' events interleaved, as years of reports are. */
async function fill(store: Store, events: number, streams: number): Promise<void> {
  const aPage = 10_000;
  for (let from = 0; from < events; from += aPage)
    await store.pool.query(
      `insert into es.events (recorded_at, stream_id, stream_type, version, event_id, event_type, schema_version, data, metadata)
       select clock_timestamp(), uuid_in(md5((n % $3)::text)::cstring), 'Project', 1 + n / $3, gen_random_uuid(),
         'FinishForecastRevised', 1,
         jsonb_build_object('period', '2018-08-31', 'finish', date '2020-01-01' + (n % 900)::int, 'slipDays', n % 90, 'description', $4::text),
         jsonb_build_object('commandId', n, 'correlationId', gen_random_uuid(), 'causationId', gen_random_uuid(), 'actor', jsonb_build_object('subject', 'demo'))
       from generate_series($1::bigint, $2::bigint) as n`,
      [from, Math.min(events, from + aPage) - 1, streams, DESCRIPTION],
    );
  await store.pool.query('analyze es.events');
}

/**
 * How fast a read model's table is built anew beside the serving one: events a second from the request to the swap.
 *
 * @param freshDatabase makes an empty database on the server under test and answers its address.
 */
export async function benchRebuild(
  freshDatabase: (name: string) => Promise<string>,
  { events = 100_000, streams = 5_000, runs = 3 }: BenchRebuildOptions = {},
): Promise<BenchTable> {
  const store = await openStore({ url: await freshDatabase('bench_rebuild'), service: 'bench' });
  const perSecond: number[] = [];
  try {
    await fill(store, events, streams);
    const runner = await startRunner({ store, models: [works], decode, log: silentLog });
    try {
      await runner.untilCaughtUp(600_000);
      for (let run = 0; run < runs; run += 1) {
        const began = performance.now();
        await runner.rebuild(works.name);
        perSecond.push((events * 1_000) / (performance.now() - began));
      }
    } finally {
      await runner.stop();
    }
  } finally {
    await store.close();
  }
  const rate = Math.round(median(perSecond));
  const bar = { spread: spreadOf(perSecond), bar: `>= ${BAR}`, met: rate >= BAR };
  const row: BenchRow = { figure: 'rebuild beside', value: rate, unit: 'events/s', ...bar };
  return {
    name: 'rebuild',
    rows: [row],
    notes: [
      `Median of ${runs} rebuilds of one read model from ${events} events of 0.7 kB in ${streams} streams, one row a stream with one index, from the request to the swap (the leader looks for requests once a second).`,
    ],
  };
}
