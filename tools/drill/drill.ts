import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { EmbeddedPostgres } from '@tongchou/embedded-postgres';
import { registrationOf } from '../bench/sample-work.ts';
import type { ImportCommand } from '../import/profile.ts';
import { SERVICES, type ServiceName } from '../state/run-file.ts';
import { archivedUntil, restore, startArchiving } from './archiving-server.ts';
import { backUp } from './base-backup.ts';
import { type Databases, forks, missingCommands, rebuildAll, saysRestored, unsettled } from './checks.ts';
import { type Acknowledged, CommandLoad, sendCommands } from './command-load.ts';
import { type DrillCity, startDrillCity } from './drill-city.ts';
import { startServices } from './drill-services.ts';

const LOAD_BEFORE_MS = 3_000;
const LOAD_AFTER_MS = 4_000;
/** More forked streams at once would look like a bad deploy to who listens. */
const RETRIED_WORKS = 8;
const BATCH = 50;

export interface DrillPlan {
  /** Empty, on a disk with room for three copies of the stores; PostgreSQL's user may enter it. */
  readonly folder: string;
  readonly random: () => number;
  /** A step that is done, with its figures. */
  readonly say: (line: string) => void;
  /** Something that was promised and does not hold. */
  readonly broken: (line: string) => void;
  /** Run at the end, the last first. */
  readonly atEnd: (work: () => Promise<void>) => void;
}

/** What the disaster leaves: the backup with its log, what clients were told, and the moment to go back to. */
interface Disaster {
  readonly server: EmbeddedPostgres;
  readonly backup: string;
  readonly archive: string;
  readonly acknowledged: readonly Acknowledged[];
  readonly moment: Date;
}

const databasesOf = (server: EmbeddedPostgres): Databases => ({
  projects: server.url('projects'),
  costs: server.url('costs'),
  bus: server.url('bus'),
});

const settingsOf = ({ projects, costs, bus }: Databases) => ({
  PROJECTS_DATABASE_URL: projects,
  COSTS_DATABASE_URL: costs,
  BUS_DATABASE_URL: bus,
});

async function judge(plan: DrillPlan, what: string, databases: Databases): Promise<void> {
  const { rows, wrong } = await unsettled(databases);
  plan.say(`${what}: ${rows.toLocaleString('en-US')} rows of read models, ${wrong.length} differences`);
  wrong.forEach((line) => plan.broken(line));
}

/** A city under load is copied while it works; then its stores are taken for lost. */
export async function loadAndBackUp(plan: DrillPlan): Promise<Disaster> {
  const [archive, backup] = [path.join(plan.folder, 'archive'), path.join(plan.folder, 'backup')];
  const server = await startArchiving(path.join(plan.folder, 'first'), archive);
  plan.atEnd(() => server.stop());
  for (const name of [...SERVICES, 'bus']) await server.ensureDatabase(name);
  const databases = databasesOf(server);
  const city = await startDrillCity(path.join(plan.folder, 'city'), settingsOf(databases));
  plan.atEnd(() => city.stop());
  const load = new CommandLoad(city.door);
  await pause(LOAD_BEFORE_MS);
  const [before, began] = [load.acknowledged.length, performance.now()];
  const copy = await backUp(server.url('postgres'), server.dataDir, backup);
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  const meanwhile = load.acknowledged.length - before;
  const megabytes = Math.round(copy.bytes / 1_000_000);
  plan.say(
    `backed up under load: ${copy.files} files, ${megabytes} MB in ${seconds} s, ${meanwhile} commands meanwhile`,
  );
  await pause(LOAD_AFTER_MS);
  const moment = new Date(copy.endedAt.getTime() + plan.random() * (Date.now() - copy.endedAt.getTime() - 1_000));
  await load.stop();
  const { acknowledged } = load;
  const lost = acknowledged.filter(({ at }) => at > moment).length;
  plan.say(`commands acknowledged: ${acknowledged.length}, of them ${lost} behind the moment ${moment.toISOString()}`);
  await judge(plan, 'before the disaster', databases);
  await city.stop();
  await archivedUntil(server);
  return { server, backup, archive, acknowledged, moment };
}

async function restored(plan: DrillPlan, disaster: Disaster, name: string): Promise<EmbeddedPostgres> {
  const began = performance.now();
  const target = { folder: path.join(plan.folder, name), to: disaster.moment };
  const server = await restore(disaster.backup, disaster.archive, target);
  plan.atEnd(() => server.stop());
  plan.say(
    `${name}: restored to ${disaster.moment.toISOString()} in ${((performance.now() - began) / 1_000).toFixed(1)} s`,
  );
  return server;
}

async function standUp(plan: DrillPlan, name: string, databases: Databases): Promise<DrillCity> {
  const folder = path.join(plan.folder, `${name} services`);
  await mkdir(folder, { recursive: true });
  const city = await startServices(folder, settingsOf(databases));
  plan.atEnd(() => city.stop());
  return city;
}

async function say(plan: DrillPlan, text: string): Promise<void> {
  for (const line of text.trimEnd().split('\n')) plan.say(`  ${line}`);
}

async function retry(city: DrillCity, commands: readonly ImportCommand[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (let at = 0; at < commands.length; at += BATCH) {
    const batch = commands.slice(at, at + BATCH);
    for (const status of await sendCommands(city.door, batch)) counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  return counts;
}

const listed = (counts: ReadonlyMap<string, number>): string =>
  [...counts].map(([status, count]) => `${count} ${status}`).join(', ') || 'none';

const commandsOf = (service: ServiceName, acknowledged: readonly Acknowledged[]): ImportCommand[] =>
  acknowledged.filter(({ command }) => command.service === service).map(({ command }) => command);

/** All stores and the bus go back to the same moment. */
export async function restoreAll(plan: DrillPlan, disaster: Disaster): Promise<void> {
  const databases = databasesOf(await restored(plan, disaster, 'all stores'));
  const missing = await missingCommands(databases, disaster.acknowledged, disaster.moment);
  plan.say(`acknowledged by then and missing: ${missing.length}`);
  missing.slice(0, 5).forEach((line) => plan.broken(line));
  const city = await standUp(plan, 'all stores', databases);
  for (const service of SERVICES) await saysRestored(city, service);
  plan.say(`${SERVICES.join(' and ')} say that their stores were restored`);
  plan.say(`read models rebuilt: ${await rebuildAll(city, SERVICES)}`);
  await say(plan, await city.command('bus:republish'));
  await judge(plan, 'after republishing', databases);
  for (const service of SERVICES) {
    const counts = await retry(city, commandsOf(service, disaster.acknowledged));
    plan.say(`the same commands to ${service} with the same keys: ${listed(counts)}`);
    const refused = [...counts].filter(([status]) => status !== 'accepted' && status !== 'repeated');
    if (refused.length > 0)
      plan.broken(`${service} refuses commands that it had accepted: ${listed(new Map(refused))}`);
    await judge(plan, 'after that', databases);
  }
  const { forked, behind } = await forks(databases.costs, 'projects');
  if (forked + behind > 0)
    plan.broken(`${forked + behind} facts of projects wait at costs though both went back together`);
  await city.stop();
}

const workOf = ({ input }: ImportCommand): unknown => ('reference' in input ? input.reference : undefined);

/** Projects alone goes back: what costs has heard since is a history that projects does not know any more. */
export async function restoreProjects(plan: DrillPlan, disaster: Disaster): Promise<void> {
  const server = await restored(plan, disaster, 'projects alone');
  const databases = { ...databasesOf(disaster.server), projects: server.url('projects') };
  const city = await standUp(plan, 'projects alone', databases);
  await saysRestored(city, 'projects');
  plan.say(`projects says that its store was restored; read models rebuilt: ${await rebuildAll(city, ['projects'])}`);
  await say(plan, await city.command('bus:republish', 'projects'));
  const lost = commandsOf(
    'projects',
    disaster.acknowledged.filter(({ at }) => at > disaster.moment),
  );
  const again = lost.filter((command) => workOf(command) !== undefined).slice(0, RETRIED_WORKS);
  const fresh = registrationOf('drill', 'after the disaster');
  plan.say(`of the lost commands sent again with the same keys: ${listed(await retry(city, [...again, fresh]))}`);
  const found = await untilForked(databases.costs, again.length);
  plan.say(`costs notices: ${found.forked} facts forked and parked, ${found.behind} behind them`);
  if (found.forked < again.length)
    plan.broken(`${again.length} works have two histories, costs noticed ${found.forked}`);
  await city.stop();
}

async function untilForked(database: string, wanted: number): Promise<{ forked: number; behind: number }> {
  for (let tries = 0; ; tries += 1) {
    const found = await forks(database, 'projects');
    if (found.forked >= wanted || tries === 120) return found;
    await pause(250);
  }
}
