import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '@tongchou/embedded-postgres';
import { z } from 'zod';
import { readJson, writeJson } from '../state/state-folder.ts';
import { javaCommand, kafkaClassPath } from './jars.ts';
import { startNode, type KafkaNode } from './node.ts';
import { nodeProperties, type NodePlace, type Security } from './properties.ts';

export interface ClusterPlan {
  /** Settings and data of all nodes; started again there, the cluster is the same one at the same addresses. */
  readonly folder: string;
  readonly nodes?: 1 | 3;
  /** Where the first node listens, when it is free. */
  readonly firstPort?: number;
  readonly security?: Security;
  /** Users that exist from the first start, by password; with `security`. */
  readonly users?: Readonly<Record<string, string>>;
  readonly logFolder?: string;
  readonly say?: (line: string) => void;
}

export interface KafkaCluster {
  /** As `KAFKA_BROKERS` takes them. */
  readonly brokers: string;
  /** The running node of this number, from 1. */
  node(id: number): KafkaNode;
  /** Starts a node that was stopped or killed. */
  restart(id: number): Promise<void>;
  stop(): Promise<void>;
}

const FIRST_PORT = 29_092;
const CLUSTER_ID = 'dG9uZ2Nob3Uta2Fma2EtMQ';
const THROWN_AWAY_MS = 0;

const places = z.array(z.object({ id: z.number(), port: z.number(), controllerPort: z.number() })).min(1);

/** Ports stay with the data: voters and clients know them. */
async function placesOf(file: string, count: number, firstPort: number): Promise<NodePlace[]> {
  const known = places.safeParse(await readJson(file));
  if (known.success && known.data.length === count) return known.data;
  const chosen: NodePlace[] = [];
  for (let id = 1, next = firstPort; id <= count; id += 1) {
    const port = await freePort(next);
    const controllerPort = await freePort(port + 1);
    next = controllerPort + 1;
    chosen.push({ id, port, controllerPort });
  }
  await writeJson(file, chosen);
  return chosen;
}

/**
 * Starts real Apache Kafka on loopback: one node, or three with three copies of everything; resolves when clients may come.
 *
 * @throws Problem without Java or Maven, or when a node does not start.
 */
export async function startKafka(plan: ClusterPlan): Promise<KafkaCluster> {
  const { folder, nodes: count = 1, security, users = {}, firstPort = FIRST_PORT, logFolder = folder } = plan;
  const java = await javaCommand();
  const classPath = await kafkaClassPath(plan.say);
  await mkdir(folder, { recursive: true });
  const nodes = await placesOf(path.join(folder, 'places.json'), count, firstPort);
  const running = new Map<number, KafkaNode>();
  const start = async (place: NodePlace): Promise<void> => {
    const own = path.join(folder, String(place.id));
    const node = await startNode({
      java,
      classPath,
      folder: own,
      properties: nodeProperties(own, place, nodes, security),
      logFile: path.join(logFolder, count === 1 ? 'kafka.log' : `kafka-${place.id}.log`),
      clusterId: CLUSTER_ID,
      users: security ? { [security.admin.username]: security.admin.password, ...users } : {},
    });
    running.set(place.id, node);
  };
  const stopAll = async (graceMs?: number): Promise<void> => {
    await Promise.all([...running.values()].map((node) => node.stop(graceMs)));
  };
  const started = await Promise.allSettled(nodes.map(start));
  const failed = started.find((one) => one.status === 'rejected');
  if (failed) {
    await stopAll(THROWN_AWAY_MS);
    throw failed.reason;
  }
  return {
    brokers: nodes.map(({ port }) => `127.0.0.1:${port}`).join(','),
    node(id) {
      const node = running.get(id);
      if (!node) throw new Error(`There is no node ${id}`);
      return node;
    },
    async restart(id) {
      const place = nodes.find((one) => one.id === id);
      if (place) await start(place);
    },
    stop: () => stopAll(),
  };
}
