import { openKafkaBus, openPostgresBus } from '@tongchou/messaging';
import type { Bus } from '@tongchou/messaging';
import type { LeaderTiming, Log } from '@tongchou/event-store';
import type { Pool } from 'pg';
import type { TrialContext } from './trial.ts';

export type FlowBus =
  | { readonly kind: 'postgres'; readonly url: string }
  | {
      readonly kind: 'kafka';
      readonly brokers: readonly string[];
      readonly replicationFactor: number;
      readonly minInsync: number;
    };

/** What the bus does to messages on their way, as a bus that is at least once may. */
export interface Unruly {
  readonly seed: number;
  /** Every message comes one to three times. */
  readonly repeats: boolean;
  /** How often, of 1, a copy of a later message arrives before those that it follows. */
  readonly early: number;
}

/** All that a process of a flow needs to know; it travels as its one argument, in JSON. */
export interface FlowSettings {
  readonly bus: FlowBus;
  /** The service that publishes, and its database. */
  readonly source: string;
  readonly sourceUrl: string;
  /** The service that listens, and its database. */
  readonly group: string;
  readonly targetUrl: string;
  readonly unruly?: Unruly;
}

/** Exit code of a process whose consumer will not come back. */
export const LOST = 3;

/** A frozen process loses its place after so long; a Kafka broker takes no less than 6 s. */
export const SESSION_MS = { postgres: 2_000, kafka: 6_000 } as const;

/** Leadership that changes hands within moments. */
export const QUICK: LeaderTiming = { heartbeatMs: 300, idleSessionMs: 2_000, retryMs: 100 };

/** The flow's bus, as one process of a service opens it. `pool` is its store's. */
export function openFlowBus(bus: FlowBus, clientId: string, pool: Pool, log: Log): Promise<Bus> {
  const sessionMs = SESSION_MS[bus.kind];
  if (bus.kind === 'postgres') {
    return openPostgresBus({ url: bus.url, log, timing: { heartbeatMs: 200, sessionMs } });
  }
  const { brokers, replicationFactor, minInsync } = bus;
  const opened = openKafkaBus({
    brokers,
    clientId,
    pool,
    log,
    topics: { replicationFactor, minInsync },
    timing: { heartbeatMs: 500, sessionMs, fetchWaitMs: 100 },
    // As a service does: what starts it anew begins afresh.
    onLost: () => process.exit(LOST),
  });
  return Promise.resolve(opened);
}

/** The bus of a trial; `name` tells this flow's database from others of the same trial. */
export async function flowBusOf(context: TrialContext, name: string): Promise<FlowBus> {
  if (context.bus === 'postgres') {
    const server = await context.server();
    return { kind: 'postgres', url: await server.database(`${name}_bus`) };
  }
  const { brokers, replicationFactor, minInsync } = await context.brokers();
  return { kind: 'kafka', brokers: brokers.split(','), replicationFactor, minInsync };
}

/** Databases and names of a flow of its own: topics of one Kafka are shared by all trials, so names differ. */
export async function flowSettings(context: TrialContext, trial: string, name: string): Promise<FlowSettings> {
  const server = await context.server();
  const run = `${trial}-${name}-${context.seed}`;
  return {
    bus: await flowBusOf(context, name),
    source: `projects-${run}`,
    sourceUrl: await server.database(`${name}_source`),
    group: `costs-${run}`,
    targetUrl: await server.database(`${name}_target`),
  };
}
