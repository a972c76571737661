import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { contractsOf } from '@tongchou/contracts';
import { openStore, silentLog, type Store } from '@tongchou/event-store';
import type { Fact } from '@tongchou/kernel';
import { askToRepublish, type Bus, openPostgresBus, type Relay, startRelay } from '@tongchou/messaging';
import { openFreshBroker } from './fresh-broker.ts';
import { type BenchRow, type BenchTable, median, spreadOf } from './table.ts';

export interface BenchRelayOptions {
  /** In the store of each relay; 60,000 when not given. */
  readonly events?: number;
  /** Runs of which the medians count; 3 when not given. */
  readonly runs?: number;
}

const TYPE = 'BudgetRevised';
const STREAMS = 5_000;
const AT_ONCE = 10_000;
const LOOK_EVERY_MS = 5;
const STUCK_MS = 120_000;
const KAFKA_BAR = 5_000;

/** Events as commands leave them, the streams' events interleaved. */
async function fill(store: Store, events: number): Promise<void> {
  const example = JSON.stringify(contractsOf('costs')[TYPE]?.example ?? {});
  for (let from = 0; from < events; from += AT_ONCE)
    await store.pool.query(
      `insert into es.events (recorded_at, stream_id, stream_type, version, event_id, event_type, schema_version, data, metadata)
       select clock_timestamp(), uuid_in(md5((n % $3)::text)::cstring), 'CostSheet', 1 + n / $3, gen_random_uuid(), $4, 1,
         $5::jsonb || jsonb_build_object('amount', n),
         jsonb_build_object('commandId', gen_random_uuid(), 'correlationId', gen_random_uuid(), 'causationId', gen_random_uuid(), 'actor', jsonb_build_object('subject', 'demo'))
       from generate_series($1::bigint, $2::bigint) as n`,
      [from, Math.min(events, from + AT_ONCE) - 1, STREAMS, TYPE, example],
    );
  await store.pool.query('vacuum analyze es.events');
}

async function untilPublished(relay: Relay, count: number): Promise<void> {
  for (const end = performance.now() + STUCK_MS; relay.status().published < count; await pause(LOOK_EVERY_MS))
    if (performance.now() > end) throw new Error(`The relay does not go on: ${JSON.stringify(relay.status())}`);
}

/** A relay that has published everything once. */
interface Lane {
  readonly to: string;
  /** The whole store again; events a second from the first acknowledged page to the last. */
  again(): Promise<number>;
  close(): Promise<void>;
}

const decode = (type: string, _version: number, stored: object) => ({ ...stored, type });
const publish = ({ event: { type, ...data } }: Fact) => ({ type, schemaVersion: 1, data });

async function openLane(to: string, store: Store, bus: Bus, events: number): Promise<Lane> {
  await fill(store, events);
  const relay = startRelay({ store, bus, log: silentLog, decode, publish });
  const lane: Lane = {
    to,
    async again() {
      const { published: before } = relay.status();
      await askToRepublish(store);
      await untilPublished(relay, before + 1);
      const { published: first } = relay.status();
      const began = performance.now();
      await untilPublished(relay, before + events);
      return ((before + events - first) * 1_000) / (performance.now() - began);
    },
    async close() {
      await relay.stop();
      await bus.close();
      await store.close();
    },
  };
  try {
    await untilPublished(relay, events);
    return lane;
  } catch (error) {
    await lane.close();
    throw error;
  }
}

function rowOf(to: string, perSecond: readonly number[], least?: number): BenchRow {
  const value = Math.round(median(perSecond));
  const row = { figure: `relay to ${to}`, value, unit: 'events/s', spread: spreadOf(perSecond) };
  return least === undefined ? row : { ...row, bar: `>= ${least}`, met: value >= least };
}

/**
 * How fast a store's events are read, mapped, published and acknowledged, to Kafka and to the PostgreSQL bus in turns.
 *
 * @param freshDatabase makes an empty database on the server under test and answers its address.
 */
export async function benchRelay(
  freshDatabase: (name: string) => Promise<string>,
  { events = 60_000, runs = 3 }: BenchRelayOptions = {},
): Promise<BenchTable> {
  const broker = await openFreshBroker();
  const open = async (name: string): Promise<Store> => openStore({ url: await freshDatabase(name), service: 'costs' });
  const lanes: Lane[] = [];
  const rates = new Map<string, number[]>();
  try {
    const [overKafka, overPostgres] = [await open('bench_relay_kafka'), await open('bench_relay_postgres')];
    lanes.push(await openLane('Kafka', overKafka, broker.bus(overKafka), events));
    const bus = await openPostgresBus({ url: await freshDatabase('bench_relay_bus'), log: silentLog });
    lanes.push(await openLane('the PostgreSQL bus', overPostgres, bus, events));
    for (let run = 0; run < runs; run += 1)
      for (const { to, again } of lanes) rates.set(to, [...(rates.get(to) ?? []), await again()]);
  } finally {
    for (const lane of lanes) await lane.close();
    await broker.close();
  }
  const [kafka, postgres] = lanes.map(({ to }) => rates.get(to) ?? []);
  return {
    name: 'relay',
    rows: [rowOf('Kafka', kafka ?? [], KAFKA_BAR), rowOf('the PostgreSQL bus', postgres ?? [])],
    notes: [
      `Medians of ${runs} runs each, in turns: the whole store of ${events.toLocaleString('en-US')} events in ${STREAMS.toLocaleString('en-US')} streams again, from the first acknowledged page to the last; read by the thousand, mapped to messages with all their headers, published with the relay's checkpoint. One node of Apache Kafka on the same cores, acks from all.`,
    ],
  };
}
