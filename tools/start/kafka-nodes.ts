import path from 'node:path';
import { settleKafka, type SettledKafka } from '../kafka/cluster.ts';
import { markOf } from '../state/processes.ts';
import type { RunFile } from '../state/run-file.ts';
import type { StateFolder } from '../state/state-folder.ts';
import type { SupervisorFile } from '../state/supervisor-file.ts';
import { boundLog, cutLog } from './bounded-log.ts';
import { Keeper, type Running } from './keeper.ts';

const FIRST_PORT = 29_092;
const PORT_TRIES = 5;

export interface KafkaPlan {
  readonly state: StateFolder;
  readonly nodes: 1 | 3;
  readonly changed: () => void;
  readonly say: (line: string) => void;
}

interface Kept {
  readonly id: number;
  readonly name: string;
  readonly keeper: Keeper;
}

/** Clusters of one node and of three are two clusters: facts are published again to the one that lacks them. */
export const kafkaFolders = (state: StateFolder): string[] =>
  ['one', 'three'].map((size) => path.join(state.kafkaFolder, size));

/** Apache Kafka of this city: its nodes are kept running, each on its own. */
export class KafkaNodes {
  readonly #plan: KafkaPlan;
  #settled: SettledKafka | undefined;
  #down = false;
  #keepers: readonly Kept[] = [];

  constructor(plan: KafkaPlan) {
    this.#plan = plan;
  }

  /** Resolves when clients may come. @throws Problem when a node does not start. */
  async start(): Promise<void> {
    for (let tries = 1; !(await this.#try(tries)); tries += 1) continue;
  }

  /** Also one that is only about to start. */
  async stop(): Promise<void> {
    this.#down = true;
    await this.#stopNodes();
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

  /** False when another program took one of the ports meanwhile: all nodes move then, for they know each other's. */
  async #try(tries: number): Promise<boolean> {
    const { state, nodes, say } = this.#plan;
    const [one = '', three = ''] = kafkaFolders(state);
    const folder = nodes === 1 ? one : three;
    const place = { folder, nodes, logFolder: path.dirname(state.logFile('kafka')) };
    const settled = await settleKafka(tries === 1 ? { ...place, firstPort: FIRST_PORT } : place);
    if (this.#down) return true;
    this.#settled = settled;
    this.#keepers = settled.ids.map((id) => this.#keep(settled, id));
    const starts = await Promise.allSettled(this.#keepers.map(({ keeper }) => keeper.start()));
    const failed = starts.find((start) => start.status === 'rejected');
    if (!failed) return true;
    await this.#stopNodes();
    const taken = await Promise.all(settled.ids.map((id) => settled.isTaken(id)));
    if (tries === PORT_TRIES || this.#down || !taken.includes(true)) throw failed.reason;
    say('another program took a port of Kafka meanwhile: its nodes start anew on others');
    return false;
  }

  async #stopNodes(): Promise<void> {
    await Promise.all(this.#keepers.map(({ keeper }) => keeper.stop()));
  }

  #keep(settled: SettledKafka, id: number): Kept {
    const { state, changed, say, nodes } = this.#plan;
    const name = nodes === 1 ? 'kafka' : `kafka-${id}`;
    const logFile = state.logFile(name);
    const launch = async (): Promise<Running> => {
      await cutLog(logFile);
      const running = await runningOf(await settled.start(id));
      boundLog(logFile, running.ended);
      return running;
    };
    const hopeless = (): Promise<boolean> => settled.isTaken(id);
    return { id, name, keeper: new Keeper({ name, logFile, launch, hopeless, changed, say }) };
  }
}

async function runningOf(node: Awaited<ReturnType<SettledKafka['start']>>): Promise<Running> {
  const mark = (await markOf(node.pid)) ?? { pid: node.pid, started: '' };
  return { mark, ready: Promise.resolve(true), ended: node.ended, stop: () => node.stop() };
}
