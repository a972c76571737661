import { type Door, doorOf, instanceDoors, type ServiceDoor } from '../state/door.ts';
import { Problem, reasonOf } from '../state/problem.ts';
import { instanceName, type RunFile, type ServiceName, SERVICES } from '../state/run-file.ts';
import { parkedOf, type ServiceStatus, statusOf } from '../state/service-status.ts';
import type { StateFolder } from '../state/state-folder.ts';
import { type Finding, idle, ill, note, well } from './finding.ts';

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

function ready(name: string, service: ServiceName, { unready, version, clock }: ServiceStatus): Finding {
  if (unready.length === 0 && clock?.alarm !== undefined)
    return ill(
      name,
      `ready, but ${clock.alarm}`,
      'Facts keep their order meanwhile; instants that people read are wrong.',
    );
  if (unready.length === 0) return well(name, `ready, version ${version}`);
  return ill(
    name,
    unready.join('; '),
    `A read model that stopped is built anew: npm run rebuild -- ${service} MODEL. Else its log says why.`,
  );
}

interface Asked {
  readonly name: string;
  readonly door: ServiceDoor;
  readonly status: ServiceStatus | undefined;
  readonly finding: Finding;
}

async function ask(name: string, door: ServiceDoor): Promise<Asked> {
  const { service } = door;
  try {
    const status = await statusOf(door);
    return { name, door, status, finding: ready(name, service, status) };
  } catch (error) {
    const remedy = `Its log says why; npm start -- --only ${service} starts a stopped one.`;
    return { name, door, status: undefined, finding: ill(name, reasonOf(error), remedy) };
  }
}

async function waiting(door: ServiceDoor): Promise<Finding> {
  const check = `parked ${door.service}`;
  try {
    const parked = await parkedOf(door);
    if (parked.length === 0) return well(check, 'nothing');
    return ill(check, `${parked.length} facts wait`, 'npm run parked lists them with their reasons.');
  } catch (error) {
    return ill(check, reasonOf(error), 'The log of the service says why.');
  }
}

/** Of one relay, one runner and one set of policies somebody must be in charge, whichever instance it is. */
function charge(service: ServiceName, statuses: readonly ServiceStatus[]): Finding[] {
  if (statuses.length < 2) return [];
  const leads = (part: 'relay' | 'runner'): number => statuses.filter((status) => status[part]?.leading).length;
  const wrong = (['relay', 'runner'] as const).filter((part) => leads(part) !== 1);
  const check = `leaders ${service}`;
  if (wrong.length === 0) return [well(check, `one of ${statuses.length} instances publishes, one folds read models`)];
  const says = wrong.map((part) => `${leads(part)} lead the ${part}`).join('; ');
  return [note(check, says, 'Another takes over within 15 s; ask again then, and look at the logs if it stays.')];
}

async function checkService(run: RunFile, door: Door, service: ServiceName): Promise<Finding[]> {
  const doors = instanceDoors(door, run, service);
  if (doors.length === 0) return [ill(service, 'stopped', `npm start -- --only ${service}`)];
  const asked = await Promise.all(doors.map((one, at) => ask(instanceName(service, at + 1), one)));
  const answered = asked.flatMap(({ door: one, status }) => (status ? [{ door: one, status }] : []));
  const [first] = answered;
  return [
    ...asked.map(({ finding }) => finding),
    ...charge(
      service,
      answered.map(({ status }) => status),
    ),
    // All instances read the same store: one speaks for them.
    ...(first ? [lag(service, first.status), await waiting(first.door)] : []),
  ];
}

/** Every instance of every service: ready; and of each service: led, not behind, nothing parked. */
export async function checkServices(city: StateFolder, run: RunFile | undefined, token?: string): Promise<Finding[]> {
  if (!run) return [idle('services', 'the city does not run')];
  try {
    const door = doorOf(city, run, 'auditor', token);
    // Asked once before all: services that nobody may ask would each say the same.
    await door.authorization();
    return (await Promise.all(SERVICES.map((service) => checkService(run, door, service)))).flat();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return [ill('services', error.message, error.remedy)];
  }
}
