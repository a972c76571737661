import { HelpWanted, Problem, reasonOf } from './state/problem.ts';

interface CommandModule {
  /** Does the command; answers the exit code. */
  run(args: readonly string[]): Promise<number>;
}

interface Command {
  readonly does: string;
  readonly load: () => Promise<CommandModule>;
}

/** Every command of the house, one line each: what npm calls it, what it does, where it lives. */
const COMMANDS: Readonly<Record<string, Command>> = {
  start: { does: 'starts the city and keeps it running', load: () => import('./start/command.ts') },
  stop: { does: 'stops the city, or one service of it', load: () => import('./operate/stop.ts') },
  status: { does: 'says who runs where, and how fresh', load: () => import('./operate/status.ts') },
  doctor: { does: 'looks at everything that a city stands on', load: () => import('./doctor/command.ts') },
  reset: { does: 'empties the state after naming what it deletes', load: () => import('./operate/reset.ts') },
  token: { does: "prints a bearer token of the demo's issuer", load: () => import('./issuer/token.ts') },
  import: { does: 'sends a real file through commands, a verdict a row', load: () => import('./import/command.ts') },
  rebuild: { does: 'builds a read model anew beside the serving one', load: () => import('./operate/rebuild.ts') },
  parked: { does: 'lists, shows, releases what a service could not take', load: () => import('./operate/parked.ts') },
  'bus:republish': {
    does: 'publishes all facts again, in a new generation',
    load: () => import('./operate/republish.ts'),
  },
  drill: { does: 'backs a loaded city up, restores it, and checks it', load: () => import('./drill/command.ts') },
  docs: { does: 'prints the catalogues', load: () => import('./docs/command.ts') },
  bench: { does: 'measures against the bars, writes docs/benchmarks.md', load: () => import('./bench/bench.ts') },
  faults: { does: 'tries the promises by killing and cutting things', load: () => import('./faults/command.ts') },
  check: { does: 'everything that CI asks of a change', load: () => import('./check/check.ts') },
  build: { does: 'compiles what changed', load: () => import('./build/command.ts') },
};

function overview(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const lines = Object.entries(COMMANDS).map(([name, { does }]) => `  npm run ${name.padEnd(width)}  ${does}`);
  return `Commands (each has --help, options after --):\n${lines.join('\n')}`;
}

function explain(error: unknown): number {
  if (error instanceof HelpWanted) {
    console.log(error.message);
    return 0;
  }
  if (error instanceof Problem) {
    console.error(`${error.message}\nWhat to do: ${error.remedy}`);
    return error.exitCode;
  }
  console.error(`This command met something that nobody foresaw: ${reasonOf(error)}`);
  console.error(error instanceof Error ? error.stack : '');
  return 1;
}

/** Runs the command that npm named; the exit code is set, the process ends by itself when nothing is left to do. */
export async function main(name: string | undefined, args: readonly string[]): Promise<void> {
  const command = name === undefined ? undefined : COMMANDS[name];
  if (!command) {
    console.error(name === undefined ? 'No command was named.' : `There is no command "${name}".`);
    console.error(overview());
    process.exitCode = 1;
    return;
  }
  try {
    process.exitCode = await (await command.load()).run(args);
  } catch (error) {
    process.exitCode = explain(error);
  }
}
