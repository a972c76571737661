import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, open, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Problem, reasonOf } from '../state/problem.ts';
import { endChild, hasEnded } from '../state/end-child.ts';
import { end as endProcess, markOf, processMark, stillRuns } from '../state/processes.ts';
import { readJson, writeJson } from '../state/state-folder.ts';
import { tailOf } from '../start/log-tail.ts';

const run = promisify(execFile);
const LOG4J = fileURLToPath(new URL('log4j2.properties', import.meta.url));
const READY_WITHIN_MS = 60_000;
const POLL_MS = 50;
const STOP_MS = 10_000;

export interface NodePlan {
  readonly java: string;
  readonly classPath: string;
  /** The node's own folder: settings and data. */
  readonly folder: string;
  readonly properties: string;
  readonly logFile: string;
  readonly clusterId: string;
  /** Users that exist from the first start, by password. */
  readonly users: Readonly<Record<string, string>>;
}

/** A node that clients can reach. */
export interface KafkaNode {
  readonly pid: number;
  readonly ended: Promise<string>;
  /** Politely, then by force. */
  stop(graceMs?: number): Promise<void>;
  signal(name: NodeJS.Signals): void;
}

const flags = ({ classPath }: NodePlan): string[] => [
  '-Xmx512m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Djava.awt.headless=true',
  `-Dlog4j2.configurationFile=${LOG4J}`,
  '-cp',
  classPath,
];

async function format(plan: NodePlan, settings: string): Promise<void> {
  const formatted = path.join(plan.folder, 'log', 'meta.properties');
  if (
    await access(formatted).then(
      () => true,
      () => false,
    )
  )
    return;
  const users = Object.entries(plan.users).flatMap(([name, password]) => [
    '--add-scram',
    `SCRAM-SHA-512=[name=${name},password=${password}]`,
  ]);
  const storage = ['kafka.tools.StorageTool', 'format', '-c', settings, '-t', plan.clusterId, ...users];
  await run(plan.java, [...flags(plan), ...storage]).catch((error: unknown) => {
    throw new Problem(
      `The folder of a Kafka node could not be prepared: ${reasonOf(error)}`,
      `Look at ${plan.folder}.`,
    );
  });
}

const markFile = (folder: string): string => path.join(folder, 'process.json');

/** Ends the node that a killed program left running in this folder. False when there was none; a stranger that got its number is left alone. */
export async function endLeftoverNode(folder: string): Promise<boolean> {
  const mark = processMark.safeParse(await readJson(markFile(folder)));
  if (!mark.success || !(await stillRuns(mark.data))) return false;
  return endProcess(mark.data, STOP_MS);
}

async function untilReady(plan: NodePlan, child: ChildProcess, from: number): Promise<void> {
  for (const end = Date.now() + READY_WITHIN_MS; Date.now() < end && !hasEnded(child); await pause(POLL_MS)) {
    const said = await readFile(plan.logFile);
    if (said.subarray(from).includes('Kafka Server started')) return;
  }
  throw new Problem(
    `Kafka did not start. The end of its log:\n${await tailOf(plan.logFile, 15)}`,
    `Put right what ${plan.logFile} says.`,
  );
}

/** Starts one node outside this process's group, so that whoever stops the house stops it last. @throws Problem */
export async function startNode(plan: NodePlan): Promise<KafkaNode> {
  await mkdir(plan.folder, { recursive: true });
  await mkdir(path.dirname(plan.logFile), { recursive: true });
  await endLeftoverNode(plan.folder);
  const settings = path.join(plan.folder, 'server.properties');
  await writeFile(settings, plan.properties, { mode: 0o600 });
  await format(plan, settings);
  const log = await open(plan.logFile, 'a');
  const { size } = await stat(plan.logFile);
  const child = spawn(plan.java, [...flags(plan), 'kafka.Kafka', settings], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  const ended = once(child, 'exit').then(([code, signal]) =>
    signal ? `was ended by ${signal}` : `ended with ${code}`,
  );
  await once(child, 'spawn');
  await log.close();
  await writeJson(markFile(plan.folder), (await markOf(child.pid ?? 0)) ?? {});
  try {
    await untilReady(plan, child, size);
  } catch (error) {
    await endChild(child, 0);
    throw error;
  }
  return {
    pid: child.pid ?? 0,
    ended,
    stop: (graceMs = STOP_MS) => endChild(child, graceMs),
    signal: (name) => void child.kill(name),
  };
}
