import { availableParallelism } from 'node:os';
import { type BenchCity, openBenchCity } from './bench-city.ts';
import { CLIENTS, LINES_A_REQUEST, PERIODS, sendBulk, WORKS_A_RUN } from './bulk-load.ts';
import { settled } from './settled.ts';
import type { BulkDoor } from './send.ts';
import { type BenchRow, type BenchTable, median, spreadOf } from './table.ts';

/** A city, and what one run after the other found in it. */
interface Sized extends BenchCity {
  readonly said: string;
  readonly doors: readonly [BulkDoor, ...BulkDoor[]];
  readonly perSecond: number[];
}

async function openSized(said: string, instances: number): Promise<Sized> {
  const options = instances === 1 ? [] : ['--instances', `projects=${instances},costs=${instances}`];
  const city = await openBenchCity(['--no-demo', ...options]);
  const [first, ...more] = city.bulkDoors;
  if (first && 1 + more.length === instances) return { ...city, said, doors: [first, ...more], perSecond: [] };
  await city.close();
  throw new Error(`The city of the benchmark has ${city.bulkDoors.length} instances of projects, not ${instances}`);
}

/** In turns; a city has folded everything before the other one is asked. */
async function measure(cities: readonly Sized[], runs: number): Promise<void> {
  for (let run = -1; run < runs; run += 1) {
    for (const { doors, perSecond, operators } of cities) {
      const rate = await sendBulk(doors, run);
      await settled(operators);
      if (run >= 0) perSecond.push(rate);
    }
  }
}

const rowOf = ({ said, perSecond }: Sized): BenchRow => ({
  figure: `bulk door, ${said}`,
  value: Math.round(median(perSecond)),
  unit: 'commands/s',
  spread: spreadOf(perSecond),
});

/** Accepted commands a second of a city with two instances of each service against one with one, side by side. */
export async function benchInstances({ runs = 3 }: { readonly runs?: number } = {}): Promise<BenchTable> {
  const one = await openSized('one instance a service', 1);
  try {
    const two = await openSized('two instances a service', 2);
    try {
      await measure([one, two], runs);
    } finally {
      await two.close();
    }
    const ratios = two.perSecond.map((rate, run) => rate / (one.perSecond[run] ?? rate));
    const ratio = { value: Number(median(ratios).toFixed(2)), unit: 'times', spread: spreadOf(ratios, 2) };
    return {
      name: 'instances',
      rows: [rowOf(one), rowOf(two), { figure: 'two instances over one', ...ratio }],
      notes: [
        `Two real cities side by side, in turns; medians of ${runs} runs of ${WORKS_A_RUN} new works, each registered and reported on ${PERIODS.length} times, by ${CLIENTS} clients with requests of ${LINES_A_REQUEST} lines, shared out over the bulk doors of projects, each request with a principal that the city's key signed; costs opens a sheet for each work. A city has folded everything before the other one is asked.`,
        `Clients, services, the bus and PostgreSQL share ${availableParallelism()} cores: more instances find cores here only as far as one leaves them idle, and each one costs memory and polls. What is shown is that they do not stand in each other's way.`,
      ],
    };
  } finally {
    await one.close();
  }
}
