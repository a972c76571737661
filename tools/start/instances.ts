import { Problem } from '../state/problem.ts';
import { type AppName, APPS } from '../state/run-file.ts';

/** How many of each app run. */
export type Instances = Readonly<Record<AppName, number>>;

/** As many as the gateway takes addresses of one service. */
const MOST = 16;

const isApp = (name: string): name is AppName => APPS.some((app) => app === name);

/** Reads `projects=2,costs=2`; what is not named runs once. @throws Problem for another form. */
export function readInstances(text: string | undefined): Instances {
  const counts: Record<AppName, number> = { gateway: 1, projects: 1, costs: 1 };
  for (const part of text?.split(',') ?? []) {
    const [name = '', number = ''] = part.split('=').map((piece) => piece.trim());
    const count = Number(number);
    if (!isApp(name) || !/^\d{1,2}$/.test(number) || count < 1 || count > MOST) {
      throw new Problem(
        `--instances does not understand "${part}".`,
        `Give APP=NUMBER with commas between, from 1 to ${MOST}, for example projects=2,costs=2; apps are ${APPS.join(', ')}.`,
      );
    }
    counts[name] = count;
  }
  return counts;
}

/** `projects ×2`, or the bare name of what runs once. */
export const countsOf = (instances: Instances): string =>
  APPS.map((app) => (instances[app] === 1 ? app : `${app} ×${instances[app]}`)).join(', ');
