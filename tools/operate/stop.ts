import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { stopLeftover } from '@tongchou/embedded-postgres';
import { endLeftoverNodes } from '../kafka/cluster.ts';
import { kafkaFolders } from '../start/kafka-nodes.ts';
import { knownPlace } from '../start/postgres-process.ts';
import { readArguments } from '../state/arguments.ts';
import { end, stillRuns } from '../state/processes.ts';
import { Problem } from '../state/problem.ts';
import { isInstanceOf, serviceNamed } from '../state/run-file.ts';
import type { StateFolder } from '../state/state-folder.ts';
import { endLeftovers, readSupervisor, runningSupervisor } from '../state/supervisor-file.ts';

const HELP = `
npm run stop [-- SERVICE]

Stops the city in order: gateway, services, PostgreSQL and Kafka. With the name of a service (projects, costs), only that
one, all its instances, and leaves it stopped; npm start -- --only SERVICE starts it again.`;

const CITY_GRACE_MS = 30_000;
const SERVICE_GRACE_MS = 15_000;

async function stopService(city: StateFolder, named: string): Promise<number> {
  const service = serviceNamed(named);
  const found = await runningSupervisor(city);
  if (!found) throw new Problem(`No city runs with the state ${city.shown}.`, 'There is nothing to stop.');
  await mkdir(city.stoppedFolder, { recursive: true });
  await writeFile(path.join(city.stoppedFolder, service), '');
  for (const until = Date.now() + SERVICE_GRACE_MS; Date.now() < until; await pause(50)) {
    const children = (await readSupervisor(city))?.children.filter(({ name }) => isInstanceOf(service, name)) ?? [];
    if ((await Promise.all(children.map(stillRuns))).includes(true)) continue;
    console.log(`${service} is stopped and stays so. Start it again: npm start -- --only ${service}`);
    return 0;
  }
  throw new Problem(`${service} did not stop.`, `Its reason may stand in ${city.logFile(service)}.`);
}

/** Stops the city, or what a killed one left; answers whether there was anything. */
export async function stopCity(city: StateFolder): Promise<boolean> {
  const found = await readSupervisor(city);
  const ran = found !== undefined && (await stillRuns(found.supervisor));
  if (found && ran && !(await end(found.supervisor, CITY_GRACE_MS))) {
    throw new Problem(
      `The city (pid ${found.supervisor.pid}) does not end.`,
      `Look at it: ps -p ${found.supervisor.pid}.`,
    );
  }
  const left = await endLeftovers((await readSupervisor(city))?.children ?? []);
  const place = await knownPlace(city);
  const server = place ? await stopLeftover(place.dataDir) : false;
  const brokers = await Promise.all(kafkaFolders(city).map(endLeftoverNodes));
  for (const file of [city.runFile, city.loadingFile, city.supervisorFile]) await rm(file, { force: true });
  return ran || left.length > 0 || server || brokers.includes(true);
}

export async function run(args: readonly string[]): Promise<number> {
  const { words, city } = readArguments(args, HELP, {}, { atMost: 1 });
  const [service] = words;
  if (service !== undefined) return stopService(city, service);
  const stopped = await stopCity(city);
  console.log(stopped ? `The city of ${city.shown} is stopped.` : `No city ran with the state ${city.shown}.`);
  return 0;
}
