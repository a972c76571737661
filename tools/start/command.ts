import { readArguments } from '../state/arguments.ts';
import { Problem } from '../state/problem.ts';
import { runCity } from './run-city.ts';
import { startOnly } from './start-only.ts';

const HELP = `
npm start [-- OPTIONS]

Builds what changed, starts PostgreSQL, the services and the gateway, one process each, loads the demo into an empty
store, and keeps all running until Ctrl-C. What dies is started again.

  --no-demo       start with an empty store
  --port-base N   the gateway listens on N, the services on N+1 and on (default 4000); a taken port gives the next free one
  --only SERVICE  start one stopped service of a running city again`;

function portBase(text: string | undefined): number {
  const base = Number(text ?? 4000);
  if (Number.isInteger(base) && base > 0 && base < 65_000) return base;
  throw new Problem(`--port-base ${text} is no port.`, 'Give a whole number from 1 to 64999, for example 4100.');
}

export async function run(args: readonly string[]): Promise<number> {
  const { values, city } = readArguments(args, HELP, {
    'no-demo': { type: 'boolean' },
    'port-base': { type: 'string' },
    only: { type: 'string' },
  });
  if (values.only !== undefined) return startOnly(city, values.only);
  return runCity({ city, demo: !values['no-demo'], portBase: portBase(values['port-base']) });
}
