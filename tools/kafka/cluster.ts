import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '@tongchou/embedded-postgres';
import { z } from 'zod';
import { readJson, writeJson } from '../state/state-folder.ts';
import { javaCommand, kafkaClassPath } from './jars.ts';
import { endLeftoverNode, startNode, type KafkaNode } from './node.ts';
import { nodeProperties, type NodePlace, type Security } from './properties.ts';

export interface ClusterPlan {
  /** Settings and data of all nodes; started again there, the cluster is the same one at the same addresses. */
  readonly folder: string;
  readonly nodes?: 1 | 3;
  /** Where the first node listens, when it is free; somewhere from 20000 to 29000 when not given. */
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

/** Clusters that start at the same moment part ways: each looks for free ports from another place. */
const somewhere = (): number => 20_000 + 10 * Math.floor(Math.random() * 900);
const CLUSTER_ID = 'dG9uZ2Nob3Uta2Fma2EtMQ';
const THROWN_AWAY_MS = 0;

const places = z.array(z.object({ id: z.number(), port: z.number(), controllerPort: z.number() })).min(1);

/**
 * Ports stay with the data, unless another program took one meanwhile: then all nodes move, for voters know each other by
 * their ports.
 */
async function placesOf(file: string, count: number, firstPort: number): Promise<NodePlace[]> {
  const known = places.safeParse(await readJson(file));
  if (known.success && known.data.length === count && (await areFree(known.data))) return known.data;
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

async function areFree(chosen: readonly NodePlace[]): Promise<boolean> {
  const ports = chosen.flatMap(({ port, controllerPort }) => [port, controllerPort]);
  const free = await Promise.all(ports.map(async (port) => (await freePort(port)) === port));
  return free.every(Boolean);
}

const nodeFolder = (folder: string, id: number): string => path.join(folder, String(id));

/** Ends the nodes that a killed program left running in this folder; answers whether there were any. */
export async function endLeftoverNodes(folder: string): Promise<boolean> {
  const known = places.safeParse(await readJson(path.join(folder, 'places.json')));
  if (!known.success) return false;
  const ended = await Promise.all(known.data.map(({ id }) => endLeftoverNode(nodeFolder(folder, id))));
  return ended.includes(true);
}

/** A cluster whose nodes have their places and do not run yet. */
export interface SettledKafka {
  /** As `KAFKA_BROKERS` takes them. */
  readonly brokers: string;
  readonly ids: readonly number[];
  /** Whether another program listens where the node belongs; of a node that does not run. */
  isTaken(id: number): Promise<boolean>;
  /** Starts a node where clients and the others know it; several may start at once. @throws Problem when it does not start. */
  start(id: number): Promise<KafkaNode>;
}

/**
 * Finds Java and Kafka's jars, ends what a killed program left in the folder, and gives every node its place.
 *
 * @throws Problem without Java or Maven.
 */
export async function settleKafka(plan: ClusterPlan): Promise<SettledKafka> {
  const { folder, nodes: count = 1, security, users = {}, firstPort = somewhere(), logFolder = folder } = plan;
  const java = await javaCommand();
  const classPath = await kafkaClassPath(plan.say);
  await mkdir(folder, { recursive: true });
  await endLeftoverNodes(folder);
  const nodes = await placesOf(path.join(folder, 'places.json'), count, firstPort);
  return {
    brokers: nodes.map(({ port }) => `127.0.0.1:${port}`).join(','),
    ids: nodes.map(({ id }) => id),
    isTaken: async (id) => !(await areFree(nodes.filter((one) => one.id === id))),
    async start(id) {
      const place = nodes.find((one) => one.id === id);
      if (!place) throw new Error(`There is no node ${id}`);
      const own = nodeFolder(folder, id);
      return startNode({
        java,
        classPath,
        folder: own,
        properties: nodeProperties(own, place, nodes, security),
        logFile: path.join(logFolder, count === 1 ? 'kafka.log' : `kafka-${id}.log`),
        clusterId: CLUSTER_ID,
        users: security ? { [security.admin.username]: security.admin.password, ...users } : {},
      });
    },
  };
}

/**
 * Starts real Apache Kafka on loopback: one node, or three with three copies of everything; resolves when clients may come.
 *
 * @throws Problem without Java or Maven, or when a node does not start.
 */
export async function startKafka(plan: ClusterPlan): Promise<KafkaCluster> {
  const settled = await settleKafka(plan);
  const running = new Map<number, KafkaNode>();
  const start = async (id: number): Promise<void> => void running.set(id, await settled.start(id));
  const stopAll = async (graceMs?: number): Promise<void> => {
    await Promise.all([...running.values()].map((node) => node.stop(graceMs)));
  };
  const started = await Promise.allSettled(settled.ids.map(start));
  const failed = started.find((one) => one.status === 'rejected');
  if (failed) {
    await stopAll(THROWN_AWAY_MS);
    throw failed.reason;
  }
  return {
    brokers: settled.brokers,
    node(id) {
      const node = running.get(id);
      if (!node) throw new Error(`There is no node ${id}`);
      return node;
    },
    restart: start,
    stop: () => stopAll(),
  };
}
