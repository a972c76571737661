import { Problem } from './problem.ts';
import { instancesOf, runningCity, type ServiceName } from './run-file.ts';
import type { StateFolder } from './state-folder.ts';

const ALIVE_WITHIN_MS = 1_000;

const isAlive = (url: string): Promise<boolean> =>
  fetch(`${url}/health/live`, { signal: AbortSignal.timeout(ALIVE_WITHIN_MS) }).then(
    (reply) => reply.ok,
    () => false,
  );

/**
 * An instance of the service that answers: any of them can do what is asked of the service. The first where none does, so
 * that asking it says why.
 *
 * @throws Problem when no city or no instance runs.
 */
export async function serviceAddress(city: StateFolder, service: ServiceName): Promise<string> {
  const urls = instancesOf(await runningCity(city), service).map(({ url }) => url);
  const [first] = urls;
  if (first === undefined) throw new Problem(`${service} does not run.`, `Start it: npm start -- --only ${service}.`);
  if (urls.length === 1) return first;
  const alive = await Promise.all(urls.map(isAlive));
  return urls.find((_, at) => alive[at]) ?? first;
}
