import pg from 'pg';
import { DataSource, type EntitySchema, type MigrationInterface } from 'typeorm';
import { durableSystem } from './durability.ts';
import type { FactsDatabase } from './facts-database.ts';
import { type Log, silentLog } from './log.ts';
import { ENGINE_MIGRATIONS, migrate } from './migrations.ts';
import { SQL_TYPES } from './sql-values.ts';
import { openWake } from './wake.ts';

export interface StoreOptions {
  readonly url: string;
  /** The service whose events lie here, e.g. `projects`; part of tokens. */
  readonly service: string;
  /** Connections for everything but appends and loads; 10 when not given. */
  readonly poolSize?: number;
  readonly applicationName?: string;
  readonly log?: Log;
  /** What repositories are asked for, e.g. `entityOf(model)`. */
  readonly entities?: readonly EntitySchema[];
  /** The service's own migrations, behind the engine's. */
  readonly migrations?: readonly (new () => MigrationInterface)[];
  /** Refused when true: TypeORM would change tables that hold facts. */
  readonly synchronize?: boolean;
}

/** One service's database, migrated and checked. */
export interface Store extends FactsDatabase {
  readonly dataSource: DataSource;
  readonly log: Log;
  /**
   * Four connections for appends and loads alone, so that no slow query stands before a command. They plan for indexes
   * only: a plan made while a table was small would otherwise scan it when it has grown.
   */
  readonly hotPool: pg.Pool;
  close(): Promise<void>;
}

/** Appends and loads in flight, two each; see the coalescer. */
const HOT_CONNECTIONS = 4;
/** pg waits for ever by default. All in milliseconds. */
const TIMEOUTS = {
  connectionTimeoutMillis: 3_000,
  statement_timeout: 5_000,
  lock_timeout: 2_000,
  idle_in_transaction_session_timeout: 10_000,
};
/** For a server that is frozen, and so cannot time out by itself. */
const HOT_QUERY_TIMEOUT_MS = 7_000;
/** A reader asks for a few hundred rows by an index: starting workers for them costs more than reading them. */
const PLANS = '-c max_parallel_workers_per_gather=0 -c random_page_cost=1.1';
const HOT_PLANS = `${PLANS} -c enable_seqscan=off -c plan_cache_mode=force_generic_plan`;

function poolOf(dataSource: DataSource): pg.Pool {
  const { driver } = dataSource;
  if (!('master' in driver) || !(driver.master instanceof pg.Pool)) throw new Error('TypeORM has no pool of pg');
  return driver.master;
}

/** A connection that dies while it is lent out must not end the process: its next query tells. */
function tolerateDeath(pool: pg.Pool): pg.Pool {
  const known = new WeakSet<object>();
  return pool.on('acquire', (client) => {
    if (known.has(client)) return;
    known.add(client);
    client.on('error', () => undefined);
  });
}

function connect(options: StoreOptions, log: Log, applicationName: string): Promise<DataSource> {
  const dataSource = new DataSource({
    type: 'postgres',
    driver: pg,
    url: options.url,
    applicationName,
    poolSize: options.poolSize ?? 10,
    extra: { ...TIMEOUTS, keepAlive: true, types: SQL_TYPES, options: PLANS },
    poolErrorHandler: (error: unknown) => log.warn({ err: error }, 'an idle connection to PostgreSQL ended'),
    installExtensions: false,
    synchronize: false,
    migrationsRun: false,
    logging: false,
    entities: [...(options.entities ?? [])],
    migrations: [...ENGINE_MIGRATIONS, ...(options.migrations ?? [])],
  });
  return dataSource.initialize();
}

function openHotPool(url: string, log: Log, applicationName: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: `${applicationName} hot`,
    max: HOT_CONNECTIONS,
    idleTimeoutMillis: 0,
    keepAlive: true,
    query_timeout: HOT_QUERY_TIMEOUT_MS,
    options: HOT_PLANS,
    ...TIMEOUTS,
  });
  pool.on('error', (error) => log.warn({ err: error }, 'an idle connection to PostgreSQL ended'));
  return tolerateDeath(pool);
}

/**
 * Opens a service's database: connects, runs pending migrations (any number of instances may start at once) and checks
 * that the server keeps what it acknowledges.
 *
 * @throws when the server is away, a standby, or not durable, when a migration fails, or when `synchronize` is asked for.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  if (options.synchronize) throw new Error('synchronize is refused: tables hold facts, write a migration');
  const log = options.log ?? silentLog;
  const applicationName = options.applicationName ?? `tongchou ${options.service}`;
  const dataSource = await connect(options, log, applicationName);
  try {
    const pool = tolerateDeath(poolOf(dataSource));
    const systemIdentifier = await durableSystem(pool);
    await migrate(dataSource);
    const hotPool = openHotPool(options.url, log, applicationName);
    const wake = openWake({ url: options.url, log, applicationName });
    return {
      service: options.service,
      url: options.url,
      dataSource,
      pool,
      hotPool,
      systemIdentifier,
      wake,
      log,
      async close() {
        await wake.close();
        await hotPool.end();
        await dataSource.destroy();
      },
    };
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}
