import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { readArguments } from '../state/arguments.ts';
import { askService } from '../state/ask-service.ts';
import { type Door, instanceDoors, openDoor, type ServiceDoor, TOKEN, TOKEN_HELP } from '../state/door.ts';
import { Problem } from '../state/problem.ts';
import { instancesOf, runningCity, SERVICES, serviceNamed } from '../state/run-file.ts';
import type { RunFile, ServiceName } from '../state/run-file.ts';
import { statusOf, type ServiceStatus } from '../state/service-status.ts';

const HELP = `
npm run bus:republish [-- SERVICE...]

The running services (all, when none is named) publish their whole store again, in a new generation of their topics; who
listens absorbs what it knows. For a bus that is new or was emptied, after a restored backup, and whenever a listener lacks
facts. Commands and queries go on. Waits until the listeners have heard everything.

${TOKEN_HELP('administrator')}`;

const POLL_MS = 500;
const SAY_EVERY_MS = 3_000;
const WITHOUT_PROGRESS_MS = 60_000;

const asked = z.object({ wish: z.string(), facts: z.number() });
const told = z.object({
  wish: z.string(),
  generation: z.string().optional(),
  published: z.number(),
  done: z.boolean(),
});

interface Wish {
  readonly wish: string;
  readonly facts: number;
}

interface Counts {
  readonly received: number;
  readonly skipped: number;
}

/** Asks until `done`; what gives no sign of progress for a minute is given up with a remedy. */
async function untilDone(step: () => Promise<{ done: boolean; progress: string }>, remedy: string): Promise<void> {
  let [last, moved, said] = ['', Date.now(), Date.now()];
  for (;;) {
    const { done, progress } = await step();
    if (done) return;
    if (progress !== last) [last, moved] = [progress, Date.now()];
    if (Date.now() - moved > WITHOUT_PROGRESS_MS) throw new Problem(`No progress for a minute: ${progress}.`, remedy);
    if (Date.now() - said > SAY_EVERY_MS) {
      console.error(`  ${progress}`);
      said = Date.now();
    }
    await pause(POLL_MS);
  }
}

async function published(door: ServiceDoor, { wish, facts }: Wish): Promise<number> {
  const { service } = door;
  let count = 0;
  await untilDone(async () => {
    const now = await askService(door, 'republish', told);
    count = now.published;
    const begun = now.generation !== undefined;
    const progress = begun ? `${service}: ${count} of ${facts} facts` : `${service}: its relay has not begun`;
    return { done: now.wish !== wish || now.done, progress };
  }, `npm run status says how ${service} is; the wish stays.`);
  return count;
}

/** A city that runs, and the way into it. */
interface Office {
  readonly run: RunFile;
  readonly door: Door;
}

const statusesOf = ({ run, door }: Office, service: ServiceName): Promise<ServiceStatus[]> =>
  Promise.all(instanceDoors(door, run, service).map(statusOf));

/** What the instances of each listener have received and skipped, of all sources. */
async function countsOf(office: Office): Promise<Map<ServiceName, Counts>> {
  const counts = new Map<ServiceName, Counts>();
  for (const service of SERVICES) {
    const receivers = (await statusesOf(office, service)).flatMap(({ receiver }) => receiver ?? []);
    const sum = (name: keyof Counts): number => receivers.reduce((all, receiver) => all + receiver[name], 0);
    if (receivers.length > 0) counts.set(service, { received: sum('received'), skipped: sum('skipped') });
  }
  return counts;
}

const freshOf = (status: ServiceStatus | undefined, source: ServiceName): string | undefined =>
  status?.freshness.find((each) => each.source === source)?.closedInstant ?? undefined;

/** Listeners of these services know everything that these have recorded by now. */
async function heard(office: Office, sources: readonly ServiceName[]): Promise<void> {
  const now = new Map<ServiceName, string>();
  for (const source of sources) now.set(source, freshOf((await statusesOf(office, source))[0], source) ?? '');
  await untilDone(async () => {
    const late: string[] = [];
    for (const listener of SERVICES) {
      const [status] = await statusesOf(office, listener);
      for (const source of sources) {
        const fresh = source === listener ? undefined : freshOf(status, source);
        if (fresh !== undefined && fresh < (now.get(source) ?? ''))
          late.push(`${listener} knows ${source} up to ${fresh}`);
      }
    }
    return { done: late.length === 0, progress: late.join(', ') };
  }, 'npm run status and npm run parked say why a listener waits.');
}

function print(listener: ServiceName, before: Counts, after: Counts): void {
  const [received, skipped] = [after.received - before.received, after.skipped - before.skipped];
  console.log(`${listener}: ${received} new facts received, ${skipped} known ones passed over.`);
}

export async function run(args: readonly string[]): Promise<number> {
  const { values, words, city } = readArguments(args, HELP, TOKEN, { atMost: SERVICES.length });
  const services = words.length > 0 ? words.map(serviceNamed) : [...SERVICES];
  const office = { run: await runningCity(city), door: await openDoor(city, 'administrator', values.token) };
  const stopped = services.find((service) => instancesOf(office.run, service).length === 0);
  if (stopped) throw new Problem(`${stopped} does not run.`, `Start it: npm start -- --only ${stopped}.`);
  const before = await countsOf(office);
  const began = Date.now();
  for (const service of services) {
    const door = { ...office.door, service };
    const count = await published(door, await askService(door, 'republish', asked, { method: 'POST' }));
    console.log(`${service}: ${count} facts published again, after ${((Date.now() - began) / 1000).toFixed(1)} s.`);
  }
  await heard(office, services);
  const after = await countsOf(office);
  for (const [listener, counts] of before) print(listener, counts, after.get(listener) ?? counts);
  return 0;
}
