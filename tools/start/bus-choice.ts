import { connect } from 'node:net';
import { javaCommand, kafkaClassPath } from '../kafka/jars.ts';
import { Problem } from '../state/problem.ts';
import type { Given } from '../state/settings.ts';

/** What carries facts between the services in this run; a start chooses anew each time. */
export type BusChoice =
  | { readonly kind: 'postgres' }
  /** A Kafka of somebody else's, as `KAFKA_BROKERS` names it. */
  | { readonly kind: 'kafka'; readonly given: string }
  /** A Kafka that this city runs itself. */
  | { readonly kind: 'kafka'; readonly nodes: 1 | 3 };

const CONNECT_MS = 3_000;

/** Kafka where the environment names one or a person asks for it, else the PostgreSQL bus. */
export function chooseBus(environment: Given, kafkaNodes: 1 | 3 | undefined): BusChoice {
  const given = environment['KAFKA_BROKERS']?.trim();
  if (given) return { kind: 'kafka', given };
  return kafkaNodes === undefined ? { kind: 'postgres' } : { kind: 'kafka', nodes: kafkaNodes };
}

function takesConnections(broker: string): Promise<boolean> {
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(broker.trim()) ?? [];
  return new Promise((resolve) => {
    if (host === '' || Number(port) > 65_535) return resolve(false);
    const socket = connect({ host: host.replace(/^\[|\]$/g, ''), port: Number(port), timeout: CONNECT_MS });
    const settle = (answer: boolean) => (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', settle(true)).once('error', settle(false)).once('timeout', settle(false));
  });
}

/**
 * Sees to it that the bus can be had before anything else starts. `say` hears of a download.
 *
 * @throws Problem without Java or Maven for a Kafka of our own, or when no broker of a given one answers.
 */
export async function checkBus(choice: BusChoice, say: (line: string) => void): Promise<void> {
  if (choice.kind === 'postgres') return;
  if ('nodes' in choice) {
    await javaCommand();
    await kafkaClassPath(say);
    return;
  }
  const answers = await Promise.all(choice.given.split(',').map(takesConnections));
  if (answers.includes(true)) return;
  throw new Problem(
    `No broker answers at KAFKA_BROKERS=${choice.given}.`,
    'Make it answer or put the address right (HOST:PORT, commas between); unset, the PostgreSQL bus is used, ' +
      'or a Kafka of our own with npm start -- --kafka.',
  );
}
