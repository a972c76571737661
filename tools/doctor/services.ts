import { reasonOf } from '../state/problem.ts';
import { instancesOf, type RunFile, SERVICES } from '../state/run-file.ts';
import { parkedOf, type ServiceStatus, statusOf } from '../state/service-status.ts';
import { type Finding, idle, ill, well } from './finding.ts';

const LAG_MOST_MS = 10_000;

function lag(name: string, { freshness }: ServiceStatus): Finding {
  const check = `lag ${name}`;
  const says = freshness
    .map(({ source, lagMs }) => `${source} ${lagMs === null ? 'unknown' : `${(lagMs / 1000).toFixed(1)} s`}`)
    .join(', ');
  const late = freshness.some(({ lagMs }) => lagMs === null || lagMs > LAG_MOST_MS);
  if (!late) return well(check, says);
  return ill(
    check,
    says,
    'See that the source runs (npm run status) and what is parked (npm run parked); its log says the rest.',
  );
}

function ready(name: string, { unready, version }: ServiceStatus): Finding {
  if (unready.length === 0) return well(name, `ready, version ${version}`);
  return ill(
    name,
    unready.join('; '),
    `A read model that stopped is built anew: npm run rebuild -- ${name} MODEL. Else its log says why.`,
  );
}

async function checkInstance(name: string, url: string): Promise<Finding[]> {
  try {
    const status = await statusOf(url);
    const parked = await parkedOf(url);
    const waits =
      parked.length === 0
        ? well(`parked ${name}`, 'nothing')
        : ill(`parked ${name}`, `${parked.length} facts wait`, 'npm run parked lists them with their reasons.');
    return [ready(name, status), lag(name, status), waits];
  } catch (error) {
    return [ill(name, reasonOf(error), `Its log says why; npm start -- --only ${name} starts a stopped one.`)];
  }
}

/** Every instance of every service: ready, not behind, nothing parked. */
export async function checkServices(run: RunFile | undefined): Promise<Finding[]> {
  if (!run) return [idle('services', 'the city does not run')];
  const found = await Promise.all(
    SERVICES.map(async (name) => {
      const instances = instancesOf(run, name);
      if (instances.length === 0) return [ill(name, 'stopped', `npm start -- --only ${name}`)];
      return (await Promise.all(instances.map(({ url }) => checkInstance(name, url)))).flat();
    }),
  );
  return found.flat();
}
