import { performance } from 'node:perf_hooks';
import { upcastersOf } from '@tongchou/contracts';
import { createCodec, openStore, type Runner, silentLog, startRunner, type Store } from '@tongchou/event-store';
import type { Fact, ReadModel } from '@tongchou/kernel';
import { projectHistory } from '../../services/projects/src/read-models/project-history.ts';
import { startLiveTraffic } from './live-traffic.ts';
import { type BenchRow, type BenchTable, median, spreadOf } from './table.ts';

export interface BenchRebuildOptions {
  /** 100,000 when not given. */
  readonly events?: number;
  readonly streams?: number;
  /** Runs of which the medians count; 3 when not given. */
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
const HISTORY_BAR = 5_000;
const LIVE_PER_SECOND = 300;
const TYPE = 'FinishForecastRevised';

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

const DESCRIPTION = 'Reconstruction of water mains, sewers, roadway and street lighting between the bridges. '.repeat(
  3,
);

/** Events of 0.7 kB, the streams' events interleaved, as years of reports are. */
async function fill(store: Store, events: number, streams: number): Promise<void> {
  const aPage = 10_000;
  for (let from = 0; from < events; from += aPage)
    await store.pool.query(
      `insert into es.events (recorded_at, stream_id, stream_type, version, event_id, event_type, schema_version, data, metadata)
       select clock_timestamp(), uuid_in(md5((n % $3)::text)::cstring), 'Project', 1 + n / $3, gen_random_uuid(), '${TYPE}', 1,
         jsonb_build_object('period', '2018-08-31', 'finish', date '2020-01-01' + (n % 900)::int, 'slipDays', n % 90, 'description', $4::text),
         jsonb_build_object('commandId', n, 'correlationId', gen_random_uuid(), 'causationId', gen_random_uuid(), 'actor', jsonb_build_object('subject', 'demo'))
       from generate_series($1::bigint, $2::bigint) as n`,
      [from, Math.min(events, from + aPage) - 1, streams, DESCRIPTION],
    );
  await store.pool.query('analyze es.events');
}

const live = {
  eventsPerSecond: LIVE_PER_SECOND,
  streamType: 'Project',
  type: TYPE,
  data: { period: '2018-08-31', finish: '2020-01-01', slipDays: 1, description: DESCRIPTION },
};

interface Rates {
  readonly alone: number[];
  readonly underTraffic: number[];
  readonly withHistory: number[];
  /** Appends a second that came in meanwhile. */
  readonly came: number[];
}

async function countOf(store: Store): Promise<number> {
  const { rows } = await store.pool.query<{ events: string }>('select count(*) as events from es.events');
  return Number(rows[0]?.events ?? 0);
}

/** Events a second that the store held at the request, until the swap. */
async function rebuilt(store: Store, runner: Runner, model: string): Promise<number> {
  const events = await countOf(store);
  const began = performance.now();
  await runner.rebuild(model);
  return (events * 1_000) / (performance.now() - began);
}

/** A model that keeps every fact has as many rows as the store has events. */
async function assertWhole(store: Store): Promise<void> {
  const { rows } = await store.pool.query<{ rows: string }>(`select count(*) as rows from rm.${projectHistory.name}`);
  const events = await countOf(store);
  if (Number(rows[0]?.rows) !== events) throw new Error(`The rebuilt history has ${rows[0]?.rows} of ${events} facts`);
}

async function measure(store: Store, runner: Runner, runs: number): Promise<Rates> {
  const rates: Rates = { alone: [], underTraffic: [], withHistory: [], came: [] };
  for (let run = 0; run < runs; run += 1) {
    rates.alone.push(await rebuilt(store, runner, works.name));
    rates.withHistory.push(await rebuilt(store, runner, projectHistory.name));
    const traffic = startLiveTraffic(store, live);
    const underTraffic = rebuilt(store, runner, works.name);
    await underTraffic.catch(() => undefined);
    rates.came.push(await traffic.stop());
    rates.underTraffic.push(await underTraffic);
    await runner.untilCaughtUp();
  }
  return rates;
}

function rowOf(figure: string, perSecond: readonly number[], least: number): BenchRow {
  const value = Math.round(median(perSecond));
  return {
    figure,
    value,
    unit: 'events/s',
    spread: spreadOf(perSecond),
    bar: `>= ${least}`,
    met: value >= least,
  };
}

/**
 * How fast a read model's table is built anew beside the serving one: events a second from the request to the swap; alone,
 * while appends come in, and for a model that keeps every fact.
 *
 * @param freshDatabase makes an empty database on the server under test and answers its address.
 */
export async function benchRebuild(
  freshDatabase: (name: string) => Promise<string>,
  { events = 100_000, streams = 5_000, runs = 3 }: BenchRebuildOptions = {},
): Promise<BenchTable> {
  const store = await openStore({ url: await freshDatabase('bench_rebuild'), service: 'projects' });
  const codec = createCodec(upcastersOf('projects'));
  let rates: Rates;
  try {
    await fill(store, events, streams);
    const models = [works, projectHistory];
    const runner = await startRunner({
      store,
      models,
      log: silentLog,
      decode: (_source, type, version, data) => codec.decode(type, version, data),
    });
    try {
      await runner.untilCaughtUp(600_000);
      rates = await measure(store, runner, runs);
      await assertWhole(store);
    } finally {
      await runner.stop();
    }
  } finally {
    await store.close();
  }
  const came: BenchRow = {
    figure: 'appends that came in during that rebuild',
    value: Math.round(median(rates.came)),
    unit: 'events/s',
    spread: spreadOf(rates.came),
  };
  return {
    name: 'rebuild',
    rows: [
      rowOf('rebuild beside', rates.alone, BAR),
      rowOf('rebuild beside, under live traffic', rates.underTraffic, BAR),
      came,
      rowOf('rebuild beside, with history', rates.withHistory, HISTORY_BAR),
    ],
    notes: [
      `Medians of ${runs} rebuilds each, in turns, of one read model from ${events} events of 0.7 kB in ${streams} streams, one row a stream with one index, from the request to the swap (the leader looks for requests once a second).`,
      `Under live traffic: ${LIVE_PER_SECOND} commands a second append one event each to new streams of the same store, from the same process, and the live models follow them. With history: the model that keeps a row for every fact of every work, as services/projects has it.`,
    ],
  };
}
