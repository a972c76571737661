import { Problem } from '../state/problem.ts';
import { nycCapitalProjects } from './nyc-capital-projects.ts';

/** The kinds of files that can be imported; a further one is a file here and a line. */
const PROFILES = { [nycCapitalProjects.name]: nycCapitalProjects };

export const profileList = (): string =>
  Object.values(PROFILES)
    .map(({ name, about }) => `  ${name}  ${about}`)
    .join('\n');

/** The profile that a person named. @throws Problem that lists those there are. */
export function profileNamed(name: string | undefined): (typeof PROFILES)[string] {
  const found = name !== undefined && Object.hasOwn(PROFILES, name) ? PROFILES[name] : undefined;
  if (found) return found;
  const said = name === undefined ? 'No profile was named.' : `There is no profile "${name}".`;
  throw new Problem(said, `npm run import -- PROFILE FILE..., with one of:\n${profileList()}`);
}
