import { engineMigrationTrouble } from '@tongchou/event-store';
import pg from 'pg';
import { chooseBus } from '../start/bus-choice.ts';
import { givenDatabases, neededDatabases, originOf } from '../start/databases.ts';
import { reasonOf } from '../state/problem.ts';
import { type RunFile, SERVICES } from '../state/run-file.ts';
import { checkKafka } from './kafka.ts';
import { type Finding, idle, ill, well } from './finding.ts';

const CONNECT_MS = 3_000;
const CLOCK_MOST_MS = 1_000;
const PARTITIONS = 12;
const DURABLE = {
  fsync: 'on',
  synchronous_commit: ['on', 'remote_apply', 'remote_write', 'local'],
  full_page_writes: 'on',
};

type Urls = Partial<Record<'projects' | 'costs' | 'bus', string>>;

/** Addresses of the databases: those that the environment gives, the others of the running embedded server. */
export async function databaseUrls(run: RunFile | undefined): Promise<Urls> {
  const names = neededDatabases(run?.bus ?? chooseBus(process.env, undefined));
  const given = await givenDatabases(process.env, names);
  const embedded = run?.postgres?.url;
  const urls: Urls = {};
  for (const name of names) {
    const url = given[name] ?? (embedded === undefined ? undefined : `${embedded}/${name}`);
    if (url !== undefined) urls[name] = url;
  }
  return urls;
}

async function ask<Row extends pg.QueryResultRow>(url: string, statement: string): Promise<Row[]> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: CONNECT_MS,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Row>(statement)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

interface Server extends pg.QueryResultRow {
  readonly version: string;
  readonly fsync: string;
  readonly synchronous_commit: string;
  readonly full_page_writes: string;
  readonly standby: boolean;
  readonly now_ms: number;
}

const SERVER = /* sql */ `
select current_setting('server_version') as version, current_setting('fsync') as fsync,
  current_setting('synchronous_commit') as synchronous_commit, current_setting('full_page_writes') as full_page_writes,
  pg_is_in_recovery() as standby, (extract(epoch from clock_timestamp()) * 1000)::float8 as now_ms`;

function durability(check: string, server: Server): Finding {
  const faults = [
    ...(server.fsync === DURABLE.fsync ? [] : [`fsync is ${server.fsync}`]),
    ...(DURABLE.synchronous_commit.includes(server.synchronous_commit)
      ? []
      : [`synchronous_commit is ${server.synchronous_commit}`]),
    ...(server.full_page_writes === DURABLE.full_page_writes ? [] : [`full_page_writes is ${server.full_page_writes}`]),
    ...(server.standby ? ['it is a standby'] : []),
  ];
  if (faults.length === 0) return well(check, `PostgreSQL ${server.version}, commits are durable`);
  return ill(
    check,
    faults.join(', '),
    'An acknowledged command could be lost: switch fsync and synchronous_commit on, and write to the primary.',
  );
}

function clock(server: Server): Finding {
  const apart = Math.abs(server.now_ms - Date.now());
  const says = `${Math.round(apart)} ms between this machine's clock and the database's`;
  return apart <= CLOCK_MOST_MS
    ? well('clock', says)
    : ill('clock', says, 'Let both follow the same time server (NTP).');
}

async function checkServer(name: string, url: string): Promise<Finding[]> {
  const check = `database ${name}`;
  const began = Date.now();
  try {
    const [server] = await ask<Server>(url, SERVER);
    if (!server) return [ill(check, 'it answers nothing', 'Look at the log of PostgreSQL.')];
    // A slow answer says little about clocks.
    return Date.now() - began < CLOCK_MOST_MS
      ? [durability(check, server), clock(server)]
      : [durability(check, server)];
  } catch (error) {
    return [
      ill(
        check,
        `${new URL(originOf(url)).host} does not answer: ${reasonOf(error)}`,
        'Start it, or put its *_DATABASE_URL right; npm start brings an embedded one.',
      ),
    ];
  }
}

async function checkMigrations(name: string, url: string): Promise<Finding[]> {
  const check = `migrations ${name}`;
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: CONNECT_MS,
  });
  pool.on('error', () => undefined);
  try {
    const trouble = await engineMigrationTrouble(pool);
    if (trouble.length === 0) return [well(check, 'up to date')];
    return [ill(check, trouble.join('; '), 'A service migrates its database when it starts: npm start.')];
  } catch {
    // The database itself does not answer, which its own line says.
    return [];
  } finally {
    await pool.end();
  }
}

async function checkBus(url: string): Promise<Finding[]> {
  try {
    const rows = await ask<{ topic: string; parts: number }>(
      url,
      'select topic, count(*)::int as parts from bus.parts group by 1',
    );
    const wanted = SERVICES.map((service) => `${service}.events.v1`);
    const wrong = wanted.filter((topic) => rows.find((row) => row.topic === topic)?.parts !== PARTITIONS);
    if (wrong.length === 0) return [well('bus', `topics ${wanted.join(', ')}, ${PARTITIONS} partitions each`)];
    return [
      ill(
        'bus',
        `topics without ${PARTITIONS} partitions: ${wrong.join(', ')}`,
        'Start the service of that name once: it makes its topic.',
      ),
    ];
  } catch (error) {
    return [ill('bus', reasonOf(error), 'Start the city, or put BUS_DATABASE_URL right.')];
  }
}

/** The broker's addresses, where the services use Kafka. */
function brokersOf(run: RunFile | undefined): string | undefined {
  if (run) return run.bus?.kind === 'kafka' ? run.bus.url.replace('kafka://', '') : undefined;
  return process.env['KAFKA_BROKERS'];
}

/** Databases and bus: reachable, durable, migrated, clocks in step. */
export async function checkDatabases(run: RunFile | undefined): Promise<Finding[]> {
  const { bus, ...services } = await databaseUrls(run);
  const brokers = brokersOf(run);
  const names = Object.entries(services);
  const kafka = brokers === undefined ? [] : await checkKafka(brokers.split(','));
  if (names.length === 0 && bus === undefined)
    return [idle('databases', 'the embedded PostgreSQL does not run; npm start starts it'), ...kafka];
  const servers = (await Promise.all(names.map(([name, url]) => checkServer(name, url)))).flat();
  const migrations = (await Promise.all(names.map(([name, url]) => checkMigrations(name, url)))).flat();
  return [...oneClock(servers), ...migrations, ...(bus === undefined ? [] : await checkBus(bus)), ...kafka];
}

/** Databases of one server have one clock: the worst of those measured is told. */
function oneClock(findings: readonly Finding[]): Finding[] {
  const clocks = findings.filter(({ check }) => check === 'clock');
  const worst = clocks.find(({ state }) => state === 'ill') ?? clocks[0];
  return [...findings.filter(({ check }) => check !== 'clock'), ...(worst ? [worst] : [])];
}
