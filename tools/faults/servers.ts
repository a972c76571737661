import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from '@tongchou/embedded-postgres';
import pg from 'pg';
import { type KafkaCluster, startKafka } from '../kafka/cluster.ts';
import { Problem } from '../state/problem.ts';
import { NotHere, type TrialBrokers, type TrialPostgres } from './trial.ts';

/** The one PostgreSQL and the one Kafka of a run, each started when a trial first asks for it. */
export interface Servers {
  /** Of the run, removed at its end; PostgreSQL's user may enter it. */
  readonly folder: string;
  /** `prefix` keeps the databases of one trial apart from another's. */
  postgres(prefix: string): Promise<TrialPostgres>;
  brokers(): Promise<TrialBrokers>;
  close(): Promise<void>;
}

const MOST_CONNECTIONS = 300;

async function freshDatabase(server: EmbeddedPostgres, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: server.url('postgres') });
  await client.connect();
  try {
    await client.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
    await client.query(`create database ${pg.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
  return server.url(name);
}

class RunPostgres {
  readonly #options: EmbeddedPostgresOptions;
  #server: Promise<EmbeddedPostgres>;

  constructor(folder: string) {
    const logFile = path.join(folder, 'postgres.log');
    this.#options = { dataDir: path.join(folder, 'pg'), logFile, maxConnections: MOST_CONNECTIONS };
    this.#server = startEmbeddedPostgres(this.#options);
  }

  async of(prefix: string): Promise<TrialPostgres> {
    await this.#server;
    return {
      database: async (name) => freshDatabase(await this.#server, `${prefix}_${name}`),
      restart: () => this.#restart(),
    };
  }

  async #restart(): Promise<void> {
    const former = await this.#server;
    process.kill(former.pid, 'SIGQUIT');
    await former.ended;
    this.#server = startEmbeddedPostgres({ ...this.#options, port: former.port });
    await this.#server;
  }

  async stop(): Promise<void> {
    await this.#server.then(
      (server) => server.stop(),
      () => undefined,
    );
  }
}

const asNotHere = (error: unknown): never => {
  throw error instanceof Problem ? new NotHere(error.message, { cause: error }) : error;
};

function brokersOf(cluster: KafkaCluster, nodes: 1 | 3): TrialBrokers {
  return {
    brokers: cluster.brokers,
    nodes,
    replicationFactor: nodes,
    minInsync: nodes === 3 ? 2 : 1,
    signal: (id, name) => cluster.node(id).signal(name),
    restart: (id) => cluster.restart(id),
  };
}

/** A frozen node would not hear that it is to end. */
async function stopCluster(cluster: KafkaCluster, nodes: number): Promise<void> {
  for (let id = 1; id <= nodes; id += 1) cluster.node(id).signal('SIGCONT');
  await cluster.stop();
}

/** Servers in a temporary folder, which PostgreSQL's user may enter. */
export async function openServers(nodes: 1 | 3, say: (line: string) => void): Promise<Servers> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tongchou-faults-'));
  await chmod(folder, 0o755);
  let postgres: RunPostgres | undefined;
  let cluster: Promise<KafkaCluster> | undefined;
  return {
    folder,
    postgres(prefix) {
      postgres ??= new RunPostgres(folder);
      return postgres.of(prefix);
    },
    async brokers() {
      cluster ??= startKafka({ folder: path.join(folder, 'kafka'), nodes, say });
      return brokersOf(await cluster.catch(asNotHere), nodes);
    },
    async close() {
      const started = await cluster?.catch(() => undefined);
      if (started) await stopCluster(started, nodes);
      await postgres?.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
