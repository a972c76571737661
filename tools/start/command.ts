import { readArguments } from '../state/arguments.ts';
import { TOKEN } from '../state/door.ts';
import { Problem } from '../state/problem.ts';
import { chooseBus } from './bus-choice.ts';
import { readInstances } from './instances.ts';
import { chooseIssuer } from './issuer-choice.ts';
import { runCity } from './run-city.ts';
import { startOnly } from './start-only.ts';

const HELP = `
npm start [-- OPTIONS]

Builds what changed, starts PostgreSQL, the services and the gateway, one process each, loads the demo into an empty
store, and keeps all running until Ctrl-C. What dies is started again.

  --no-demo       start with an empty store
  --port-base N   the gateway listens on N, the services on N+1 and on (default 4000); a taken port gives the next free one
  --kafka [3]     facts travel over Apache Kafka: one node of it, or three; needs Java 17 and Maven. With KAFKA_BROKERS in
                  the environment, over that one. Otherwise PostgreSQL carries them
  --instances L   several instances of an app, for example projects=2,costs=2
  --only SERVICE  start one stopped service of a running city again
  --token TOKEN   with OIDC_ISSUER in the environment, whose tokens are then believed: who imports the demo and asks for
                  the first figure, an integrator. Without OIDC_ISSUER the city brings an issuer of its own`;

/** `--kafka` may stand alone: one node then. */
const withNodes = (args: readonly string[]): string[] =>
  args.map((arg, at) => (arg === '--kafka' && !/^[^-]/.test(args[at + 1] ?? '') ? '--kafka=1' : arg));

function kafkaNodes(text: string | undefined): 1 | 3 | undefined {
  if (text === undefined) return undefined;
  if (text === '1') return 1;
  if (text === '3') return 3;
  throw new Problem(`--kafka ${text} is no number of nodes.`, 'Give 1 or 3, or nothing for one.');
}

function portBase(text: string | undefined): number {
  const base = Number(text ?? 4000);
  if (Number.isInteger(base) && base > 0 && base < 65_000) return base;
  throw new Problem(`--port-base ${text} is no port.`, 'Give a whole number from 1 to 64999, for example 4100.');
}

export async function run(args: readonly string[]): Promise<number> {
  const { values, city } = readArguments(withNodes(args), HELP, {
    'no-demo': { type: 'boolean' },
    'port-base': { type: 'string' },
    kafka: { type: 'string' },
    instances: { type: 'string' },
    only: { type: 'string' },
    ...TOKEN,
  });
  if (values.only !== undefined) return startOnly(city, values.only);
  return runCity({
    city,
    demo: !values['no-demo'],
    portBase: portBase(values['port-base']),
    instances: readInstances(values.instances),
    bus: chooseBus(process.env, kafkaNodes(values.kafka)),
    issuer: chooseIssuer(process.env),
    token: values.token,
  });
}
