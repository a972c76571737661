import { rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { settleKafka, type SettledKafka } from '../kafka/cluster.ts';
import { markOf } from '../state/processes.ts';
import type { RunFile } from '../state/run-file.ts';
import type { StateFolder } from '../state/state-folder.ts';
import type { SupervisorFile } from '../state/supervisor-file.ts';
import { Keeper, type Running } from './keeper.ts';

const LOG_LIMIT_BYTES = 10_000_000;

export interface KafkaPlan {
  readonly state: StateFolder;
  readonly nodes: 1 | 3;
  readonly changed: () => void;
  readonly say: (line: string) => void;
}

/** Clusters of one node and of three are two clusters: facts are published again to the one that lacks them. */
export const kafkaFolders = (state: StateFolder): string[] =>
  ['one', 'three'].map((size) => path.join(state.kafkaFolder, size));

/** Apache Kafka of this city: its nodes are kept running, each on its own. */
export class KafkaNodes {
  readonly #plan: KafkaPlan;
  #settled: SettledKafka | undefined;
  #down = false;
  #keepers: readonly { readonly id: number; readonly name: string; readonly keeper: Keeper }[] = [];

  constructor(plan: KafkaPlan) {
    this.#plan = plan;
  }

  /** Resolves when clients may come. @throws Problem when a node does not start. */
  async start(): Promise<void> {
    const { state, nodes } = this.#plan;
    const [one = '', three = ''] = kafkaFolders(state);
    const folder = nodes === 1 ? one : three;
    this.#settled = await settleKafka({ folder, nodes, logFolder: path.dirname(state.logFile('kafka')) });
    if (this.#down) return;
    const { ids } = this.#settled;
    this.#keepers = ids.map((id) => this.#keep(this.#settled, id, ids.length === 1 ? 'kafka' : `kafka-${id}`));
    const starts = await Promise.allSettled(this.#keepers.map(({ keeper }) => keeper.start()));
    for (const start of starts) if (start.status === 'rejected') throw start.reason;
  }

  /** Also one that is only about to start. */
  async stop(): Promise<void> {
    this.#down = true;
    await Promise.all(this.#keepers.map(({ keeper }) => keeper.stop()));
  }

  /** What services need to know of it. */
  get environment(): Readonly<Record<string, string | undefined>> {
    const { nodes } = this.#plan;
    return {
      KAFKA_BROKERS: this.#settled?.brokers,
      KAFKA_REPLICATION_FACTOR: String(nodes),
      KAFKA_MIN_INSYNC: String(nodes === 1 ? 1 : 2),
      // Those of another broker.
      KAFKA_SSL: undefined,
      KAFKA_SSL_CA: undefined,
      KAFKA_SSL_CA_FILE: undefined,
      KAFKA_SASL_USERNAME: undefined,
      KAFKA_SASL_PASSWORD: undefined,
      KAFKA_SASL_PASSWORD_FILE: undefined,
    };
  }

  describe(): Pick<RunFile, 'bus' | 'kafka'> {
    if (!this.#settled) return {};
    const { brokers } = this.#settled;
    const urls = brokers.split(',').map((broker) => `kafka://${broker}`);
    const running = this.#keepers.flatMap(({ id, keeper }) => {
      const [url, pid] = [urls[id - 1], keeper.lastReady?.pid];
      return url === undefined || pid === undefined ? [] : [{ url, pid }];
    });
    return { bus: { kind: 'kafka', url: `kafka://${brokers}` }, ...(running.length > 0 && { kafka: running }) };
  }

  get children(): SupervisorFile['children'] {
    return this.#keepers.flatMap(({ name, keeper: { mark } }) => (mark ? [{ name, ...mark }] : []));
  }

  #keep(settled: SettledKafka | undefined, id: number, name: string) {
    const { state, changed, say } = this.#plan;
    const logFile = state.logFile(name);
    const launch = async (): Promise<Running> => {
      if (!settled) throw new Error('The nodes have no places yet');
      await setAsideLong(logFile);
      return runningOf(await settled.start(id));
    };
    return { id, name, keeper: new Keeper({ name: `Kafka (${name})`, logFile, launch, changed, say }) };
  }
}

async function runningOf(node: Awaited<ReturnType<SettledKafka['start']>>): Promise<Running> {
  const mark = (await markOf(node.pid)) ?? { pid: node.pid, started: '' };
  return { mark, ready: Promise.resolve(true), ended: node.ended, stop: () => node.stop() };
}

/** A log that has grown too long becomes the former one. */
async function setAsideLong(file: string): Promise<void> {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size > LOG_LIMIT_BYTES) await rename(file, `${file}.1`);
}
