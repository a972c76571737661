import { performance } from 'node:perf_hooks';
import { type Contender, emmett, engine, payloadBytes, rawInserts } from './append-contenders.ts';
import { type BenchRow, type BenchTable, median, quantile, spreadOf } from './table.ts';

export interface BenchAppendOptions {
  /** Runs of which the medians count; 5 when not given. */
  readonly runs?: number;
  /** How long each contender is measured in a run; 1,500 ms when not given. */
  readonly measureMs?: number;
}

interface Lane {
  readonly name: string;
  readonly callers: number;
  readonly contender: Contender;
  readonly perSecond: number[];
  readonly latenciesMs: number[];
}

const RAW = 'raw inserts of 200';
const AGAINST_EMMETT = 4;
const AGAINST_RAW = 0.65;

/** So many callers, each sending its next append when the last is answered, for so long. */
async function drive(
  { contender, callers }: Lane,
  forMs: number,
): Promise<{ perSecond: number; latenciesMs: number[] }> {
  const latenciesMs: number[] = [];
  const start = performance.now();
  const caller = async (): Promise<void> => {
    for (let now = performance.now(); now - start < forMs;) {
      await contender.append();
      const answered = performance.now();
      latenciesMs.push(answered - now);
      now = answered;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const seconds = (performance.now() - start) / 1_000;
  return { perSecond: (latenciesMs.length * contender.eventsACall) / seconds, latenciesMs };
}

const rotated = <T>(list: readonly T[], by: number): T[] => [
  ...list.slice(by % list.length),
  ...list.slice(0, by % list.length),
];

async function measure(lanes: readonly Lane[], runs: number, measureMs: number): Promise<void> {
  for (const lane of lanes) await drive(lane, measureMs / 3);
  for (let run = 0; run < runs; run += 1) {
    for (const lane of rotated(lanes, run)) {
      const { perSecond, latenciesMs } = await drive(lane, measureMs);
      lane.perSecond.push(perSecond);
      lane.latenciesMs.push(quantile(latenciesMs, 0.5));
    }
  }
}

function ratio(figure: string, { of, over, bar }: { of: number; over: number; bar: number }): BenchRow {
  const value = of / over;
  return { figure, value: Number(value.toFixed(2)), unit: 'times', bar: `>= ${bar}`, met: value >= bar };
}

function figures(lanes: readonly Lane[]): BenchRow[] {
  const rate = (name: string, callers: number): number =>
    median(lanes.find((lane) => lane.name === name && lane.callers === callers)?.perSecond ?? []);
  const measured = lanes.flatMap(({ name, callers, perSecond, latenciesMs, contender }): BenchRow[] => {
    const who = `${name}, ${callers} ${callers === 1 ? 'caller' : 'callers'}`;
    const throughput = {
      figure: who,
      value: Math.round(median(perSecond)),
      unit: 'events/s',
      spread: spreadOf(perSecond),
    };
    const p50 = { value: Number(median(latenciesMs).toFixed(2)), spread: spreadOf(latenciesMs, 2) };
    const latency = { figure: `${who}, p50`, unit: 'ms', ...p50 };
    return contender.eventsACall > 1 ? [throughput] : [throughput, latency];
  });
  const ofRaw = (callers: number): BenchRow =>
    ratio(`engine at 256 callers over raw inserts of 200, ${callers} at a time`, {
      of: rate('engine', 256),
      over: rate(RAW, callers),
      bar: AGAINST_RAW,
    });
  const againstEmmett = { of: rate('engine', 16), over: rate('emmett', 16), bar: AGAINST_EMMETT };
  return [...measured, ratio('engine over emmett, 16 callers', againstEmmett), ofRaw(1), ofRaw(2)];
}

/**
 * Appends of one event of 0.7 kB to new streams: the engine and Emmett with 1, 16 and 256 callers, and bare inserts of
 * 200 rows, on one server, each in a database of its own, in turns within one run.
 *
 * @param freshDatabase makes an empty database on the server under test and answers its address.
 */
export async function benchAppend(
  freshDatabase: (name: string) => Promise<string>,
  { runs = 5, measureMs = 1_500 }: BenchAppendOptions = {},
): Promise<BenchTable> {
  const contenders = {
    engine: await engine(await freshDatabase('bench_engine')),
    emmett: await emmett(await freshDatabase('bench_emmett')),
    [RAW]: await rawInserts(await freshDatabase('bench_raw')),
  };
  const lane = (name: keyof typeof contenders, callers: number): Lane => ({
    name,
    callers,
    contender: contenders[name],
    perSecond: [],
    latenciesMs: [],
  });
  const lanes = [
    ...[1, 16, 256].flatMap((callers) => [lane('engine', callers), lane('emmett', callers)]),
    ...[1, 2].map((callers) => lane(RAW, callers)),
  ];
  try {
    await measure(lanes, runs, measureMs);
  } finally {
    await Promise.all(Object.values(contenders).map((contender) => contender.close()));
  }
  return {
    name: 'append',
    rows: figures(lanes),
    notes: [
      `Medians of ${runs} runs of ${measureMs} ms each, contenders in turns; every event is ${payloadBytes()} bytes of data and metadata, each append makes a new stream; fsync and synchronous_commit are on for all.`,
      'engine: checks stream version and command id, keeps the fingerprint, one event; callers of one process share statements, at most two in flight.',
      'emmett: @event-driven-io/emmett-postgresql with its defaults (ten connections, one call an append); checks the stream version, keeps no command ids.',
      'raw inserts of 200: the same rows into a copy of the same table with the same indexes, one statement at a time, and two at a time as the engine has them; no streams, no command ids, no check, and nobody waits for a single event.',
      'Why the engine stays below bare inserts: it writes three rows where they write one. Of some 25 us of PostgreSQL an event, the command with its random key takes 6, the stream 4, the look-ups 3; an event alone takes 13. The callers share the two cores with PostgreSQL.',
    ],
  };
}
