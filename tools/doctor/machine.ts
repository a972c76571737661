import { readFile, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '@tongchou/embedded-postgres';
import { composeSupergraph } from '../compose/compose.ts';
import { reasonOf } from '../state/problem.ts';
import { instancesOf, type RunFile, SERVICES } from '../state/run-file.ts';
import { ROOT, type StateFolder } from '../state/state-folder.ts';
import { stillRuns } from '../state/processes.ts';
import { readSupervisor } from '../state/supervisor-file.ts';
import { type Finding, idle, ill, well } from './finding.ts';

const NODE_MAJOR = 24;
const DISK_LEAST_BYTES = 1_000_000_000;
const GATEWAY_PORT = 4000;

export function checkNode(): Finding {
  const major = Number(process.versions.node.split('.')[0]);
  if (major === NODE_MAJOR) return well('node', `${process.version}, through npm`);
  return ill(
    'node',
    `${process.version}; Node ${NODE_MAJOR} is needed`,
    'Run npm ci, and start through npm: npm start.',
  );
}

async function nearestFolder(folder: string): Promise<string> {
  for (let at = folder; ; at = path.dirname(at)) {
    const found = await stat(at).catch(() => undefined);
    if (found || at === path.dirname(at)) return at;
  }
}

export async function checkDisk(folder: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(await nearestFolder(folder));
  const free = bavail * bsize;
  const says = `${(free / 1e9).toFixed(1)} GB free where the data lies (${folder})`;
  if (free >= DISK_LEAST_BYTES) return well('disk', says);
  return ill('disk', says, 'Free at least 1 GB: a full disk refuses every command. Another place: --state DIR.');
}

export async function checkLeftovers(city: StateFolder): Promise<Finding> {
  const found = await readSupervisor(city);
  if (!found) return idle('supervisor', 'the city does not run');
  if (await stillRuns(found.supervisor)) return well('supervisor', `pid ${found.supervisor.pid}, ${found.phase}`);
  return ill(
    'supervisor',
    `pid ${found.supervisor.pid} was killed and left its children`,
    'npm start cleans up; npm run stop only ends them.',
  );
}

async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/health/live`, { signal: AbortSignal.timeout(2_000) }).then(
    (reply) => reply.ok,
    () => false,
  );
}

/** Of a running city: its addresses answer. Else: the ports that a start would take are free. */
export async function checkPorts(run: RunFile | undefined): Promise<Finding> {
  const places = (['gateway', ...SERVICES] as const).flatMap((app) =>
    (run ? instancesOf(run, app) : []).map(({ url }) => ({ app, url })),
  );
  if (run) {
    const dead = await Promise.all(
      places.map(async ({ app, url }) => ((await answers(url)) ? [] : [`${app} (${url})`])),
    );
    const silent = dead.flat();
    if (silent.length === 0)
      return well('ports', places.map(({ app, url }) => `${app} ${new URL(url).port}`).join(', '));
    return ill(
      'ports',
      `no answer from ${silent.join(', ')}`,
      'Its log says why; npm run stop and npm start begin anew.',
    );
  }
  const taken: number[] = [];
  for (let port = GATEWAY_PORT; port <= GATEWAY_PORT + SERVICES.length; port += 1) {
    if ((await freePort(port)) !== port) taken.push(port);
  }
  if (taken.length === 0) return well('ports', `${GATEWAY_PORT} and those behind it are free`);
  return well('ports', `${taken.join(', ')} taken by others: a start takes the next free ones and says so`);
}

/** The file that the gateway serves is what the services' schemas compose to. */
export async function checkSupergraph(): Promise<Finding> {
  const committed = await readFile(path.join(ROOT, 'docs', 'supergraph.graphql'), 'utf8').catch(() => undefined);
  try {
    if ((await composeSupergraph()) === committed)
      return well('supergraph', 'docs/supergraph.graphql is what the schemas compose to');
  } catch (error) {
    return ill('supergraph', reasonOf(error), 'Put the named schema right.');
  }
  return ill(
    'supergraph',
    committed === undefined ? 'docs/supergraph.graphql is missing' : 'docs/supergraph.graphql is stale',
    'npm run docs prints it.',
  );
}
