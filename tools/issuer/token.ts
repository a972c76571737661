import { ROLES } from '@tongchou/access';
import { readArguments } from '../state/arguments.ts';
import { Problem } from '../state/problem.ts';
import { runningCity } from '../state/run-file.ts';
import { askToken } from './ask-token.ts';

const width = Math.max(...Object.keys(ROLES).map((role) => role.length));
const roles = Object.entries(ROLES).map(([role, { about, zh }]) => `  ${role.padEnd(width)}  ${about} ${zh}`);

const HELP = `
npm run token -- ROLE [OPTIONS]

Prints a bearer token of the running city's demo issuer, alone on stdout; it lives an hour. Use it so (-s keeps npm quiet):

  curl -H "authorization: Bearer $(npm run -s token -- director)" ...

Roles:
${roles.join('\n')}

  --district D     only works of this district, as the register writes it; may be given several times
  --department D   only works of this managing department; several times
  --project ID     only this work; several times
  --limit AMOUNT   the largest amount that it may decide on
  --as SUBJECT     who acts (default demo-ROLE)
  --for SUBJECT    on whose behalf`;

export async function run(args: readonly string[]): Promise<number> {
  const several = { type: 'string', multiple: true } as const;
  const one = { type: 'string' } as const;
  const options = { district: several, department: several, project: several, limit: one, as: one, for: one };
  const { values, words, city } = readArguments(args, HELP, options, { atMost: 1 });
  const [role] = words;
  if (role === undefined) throw new Problem('No role was named.', `Name one of ${Object.keys(ROLES).join(', ')}.`);
  const wanted = {
    role,
    as: values.as,
    for: values.for,
    districts: values.district ?? [],
    departments: values.department ?? [],
    projects: values.project ?? [],
    limit: values.limit,
  };
  console.log(await askToken(city, await runningCity(city), wanted));
  return 0;
}
