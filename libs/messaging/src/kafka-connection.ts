import { performance } from 'node:perf_hooks';
import type { Log } from '@tongchou/event-store';
import kafkajs from 'kafkajs';
import type { Kafka, LogEntry } from 'kafkajs';

/** How a Kafka cluster is reached. */
export interface KafkaConnection {
  /** `host:port` of some of its brokers. */
  readonly brokers: readonly string[];
  /** TLS: trusting the system's authorities, or the one whose certificate (PEM) is given. */
  readonly tls?: true | { readonly ca: string };
  /** SASL SCRAM-SHA-512. */
  readonly sasl?: { readonly username: string; readonly password: string };
}

const CONNECT_MS = 3_000;
/** Joining a group, fetching and sending have longer ends of their own. A frozen broker costs a client so much at every turn. */
const REQUEST_MS = 5_000;
const SAME_LINE_EVERY_MS = 10_000;
const REMEMBERED_LINES = 100;

/** kafkajs repeats itself at every retry: the same line is written once in ten seconds. */
function quietly(log: Log): () => (entry: LogEntry) => void {
  const said = new Map<string, number>();
  return () =>
    ({ namespace, log: { message, timestamp: _, logger: __, stack: ___, ...detail } }) => {
      const now = performance.now();
      if (now - (said.get(message) ?? -Infinity) < SAME_LINE_EVERY_MS) return;
      if (said.size >= REMEMBERED_LINES) said.clear();
      said.set(message, now);
      log.warn({ kafka: namespace, ...detail }, message);
    };
}

/** A kafkajs client. Connects to nothing yet; every request has an end. */
export function kafkaClient({ brokers, tls, sasl }: KafkaConnection, clientId: string, log: Log): Kafka {
  return new kafkajs.Kafka({
    clientId,
    brokers: [...brokers],
    connectionTimeout: CONNECT_MS,
    authenticationTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 },
    logLevel: kafkajs.logLevel.ERROR,
    logCreator: quietly(log),
    ...(tls && { ssl: tls === true ? true : { ca: [tls.ca] } }),
    ...(sasl && { sasl: { mechanism: 'scram-sha-512', ...sasl } }),
  });
}
