import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, xdescribe } from '@jest/globals';
import { startEmbeddedPostgres } from '@tongchou/embedded-postgres';
import { describeKafka, eventually } from '@tongchou/testing';
import { registrationOf } from '../bench/sample-work.ts';
import { startKafka } from '../kafka/cluster.ts';
import { javaCommand } from '../kafka/jars.ts';
import { SERVICES } from '../state/run-file.ts';
import { type Databases, query, unsettled } from './checks.ts';
import { sendCommands } from './command-load.ts';
import { type DrillCity, startDrillCity } from './drill-city.ts';
import { startServices } from './drill-services.ts';
import { statusOf } from '../state/service-status.ts';

/** A broker of its own, never the run's: a city's topics have fixed names, and a broker that was lent may carry a real one's. */
const java = await javaCommand().then(
  () => true,
  () => false,
);
const LONG_MS = 300_000;

(java ? describeKafka : xdescribe)('a city that changes its bus', () => {
  let folder = '';
  let databases: Databases;
  let kafka: Readonly<Record<string, string>>;
  let city: DrillCity | undefined;
  const ends: (() => Promise<void>)[] = [];
  let works = 0;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tongchou-switch-'));
    await chmod(folder, 0o755);
    const server = await startEmbeddedPostgres({
      dataDir: path.join(folder, 'pg'),
      logFile: path.join(folder, 'pg.log'),
    });
    ends.push(() => server.stop());
    for (const name of [...SERVICES, 'bus']) await server.ensureDatabase(name);
    databases = { projects: server.url('projects'), costs: server.url('costs'), bus: server.url('bus') };
    const cluster = await startKafka({ folder: path.join(folder, 'kafka'), say: () => undefined });
    ends.push(() => cluster.stop());
    kafka = { KAFKA_BROKERS: cluster.brokers, KAFKA_REPLICATION_FACTOR: '1', KAFKA_MIN_INSYNC: '1' };
  }, LONG_MS);
  afterAll(async () => {
    await city?.stop();
    for (const end of ends.reverse()) await end();
    await rm(folder, { recursive: true, force: true });
  }, LONG_MS);

  /** Stops the city and starts it on this bus; then works are registered, and their sheets opened over it. */
  async function runOn(bus: Readonly<Record<string, string>>): Promise<DrillCity> {
    await city?.stop();
    // The first time as a person starts it, which also builds it; then without what the bus does not concern.
    const start = works === 0 ? startDrillCity : startServices;
    city = await start(path.join(folder, 'city'), {
      PROJECTS_DATABASE_URL: databases.projects,
      COSTS_DATABASE_URL: databases.costs,
      BUS_DATABASE_URL: databases.bus,
      ...bus,
    });
    const commands = Array.from({ length: 25 }, () => registrationOf('switch', `S-${(works += 1)}`));
    const statuses = await sendCommands(city.door, commands);
    expect(new Set(statuses)).toEqual(new Set(['accepted']));
    return city;
  }

  /** Both services know all facts of each other, and their read models are what a fold of their stores is. */
  async function agrees(): Promise<void> {
    await eventually('a sheet of every work', async () => {
      const sheets = await query<{ count: number }>(
        databases.costs,
        'select count(*)::int as count from rm.cost_sheet',
      );
      return sheets[0]?.count === works;
    });
    expect((await unsettled(databases)).wrong).toEqual([]);
  }

  const rowsOf = async (): Promise<unknown[]> =>
    Promise.all([
      query(databases.projects, 'select to_jsonb(t) as row from rm.works t order by project_id'),
      query(databases.costs, 'select to_jsonb(t) as row from rm.cost_sheet t order by project_id'),
    ]);

  const generations = async (): Promise<number> => {
    const found = await query<{ count: number }>(
      databases.projects,
      'select count(*)::int as count from es.acknowledged',
    );
    return found[0]?.count ?? 0;
  };

  it(
    'carries on with every fact, from PostgreSQL to Kafka and back, and republishes without changing a row',
    async () => {
      await runOn({});
      await agrees();
      const onKafka = await runOn(kafka);
      await agrees();
      expect(await generations()).toBe(2);
      const before = await rowsOf();
      expect(await onKafka.command('bus:republish')).toContain('costs: 0 new facts received');
      expect(await rowsOf()).toEqual(before);
      await agrees();
      await runOn({});
      await agrees();
      await runOn(kafka);
      await agrees();
      expect(await generations()).toBe(3);
    },
    LONG_MS,
  );

  it(
    'is told from another city whose services are pointed at its topics, and nothing is mixed',
    async () => {
      await city?.stop();
      city = undefined;
      const [dataDir, logFile] = [path.join(folder, 'other'), path.join(folder, 'other.log')];
      const server = await startEmbeddedPostgres({ dataDir, logFile });
      ends.push(() => server.stop());
      for (const name of SERVICES) await server.ensureDatabase(name);
      const others = { PROJECTS_DATABASE_URL: server.url('projects'), COSTS_DATABASE_URL: server.url('costs') };
      const strangers = await startServices(path.join(folder, 'other services'), { ...others, ...kafka });
      const unready = await eventually('its relay stops', async () => {
        const reasons = (await statusOf({ ...strangers.operators, service: 'projects' })).unready.join();
        return reasons.includes('relay') && reasons;
      });
      await strangers.stop();
      expect(unready).toContain('projects.events.v1 holds facts of another store of projects');
      await runOn(kafka);
      await agrees();
      expect(await generations()).toBe(3);
    },
    LONG_MS,
  );
});
