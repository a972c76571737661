import type { ConfigFault } from './config-faults.ts';
import type { Environment } from './given.ts';

/** Names of the house: one environment may serve several of its processes, so each knows the others' names. */
const HOUSE_NAMES = [
  'PROJECTS_DATABASE_URL',
  'COSTS_DATABASE_URL',
  'BUS_DATABASE_URL',
  'BUS_RETENTION_DAYS',
  'COMMANDS_RETENTION_DAYS',
  'PARKED_RETENTION_DAYS',
  'KAFKA_BROKERS',
  'KAFKA_SSL',
  'KAFKA_SSL_CA',
  'KAFKA_SASL_USERNAME',
  'KAFKA_SASL_PASSWORD',
  'KAFKA_REPLICATION_FACTOR',
  'KAFKA_MIN_INSYNC',
  'REFERENCE_DATE',
  'MAIN_REGISTER',
  'CURRENCY',
  'CORS_ORIGINS',
  'LOG_LEVEL',
  'PROJECTS_URL',
  'COSTS_URL',
  'TONGCHOU_STATE',
  'PRINCIPAL_KEYS',
  'PRINCIPAL_SIGNING_KEY',
  'METRICS_TOKEN',
  'OIDC_ISSUER',
  'OIDC_AUDIENCE',
  'DEMO_ISSUER',
];

/** Setting one of these would be ignored today: it is refused, so that nobody believes it works. */
const NOT_YET: readonly { readonly names: RegExp; readonly comesWith: string }[] = [
  { names: /^(FUNDS|LABOR)_/, comesWith: 'unset: that service does not exist yet' },
];

const OUR_PREFIXES =
  /^(PROJECTS|COSTS|FUNDS|LABOR|BUS|KAFKA|COMMANDS|PARKED|TONGCHOU|OIDC|PRINCIPAL|METRICS_TOKEN|DEMO_ISSUER|MAIN|REFERENCE|CURRENCY|CORS|LOG_LEVEL|GATEWAY)(_|$)/;

/** Variables that look like ours and are not, or have no effect yet. */
export function strangeNames(own: readonly string[], env: Environment): ConfigFault[] {
  const known = new Set([...own, ...HOUSE_NAMES]);
  const isKnown = (name: string): boolean => known.has(name) || known.has(name.replace(/_FILE$/, ''));
  const strange = Object.keys(env).filter(
    (name) => env[name] !== undefined && OUR_PREFIXES.test(name) && !isKnown(name),
  );
  return strange.toSorted().map((name) => ({ name, ...remedyFor(name, [...known]) }));
}

function remedyFor(name: string, known: readonly string[]): Omit<ConfigFault, 'name'> {
  const notYet = NOT_YET.find((one) => one.names.test(name));
  if (notYet) return { given: 'a value', allowed: notYet.comesWith, example: `unset ${name}` };
  const nearest = known.toSorted((a, b) => distance(a, name) - distance(b, name))[0] ?? '';
  const near = distance(nearest, name) <= 4;
  return {
    given: 'a name that nothing here reads',
    allowed: near ? `${nearest} (is this what was meant?)` : `one of ${known.toSorted().join(', ')}`,
    example: near ? `${nearest}=...` : `unset ${name}`,
  };
}

/** Levenshtein's distance: how many letters differ. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const swap = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(swap, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
