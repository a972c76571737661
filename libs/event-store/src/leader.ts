import { hostname } from 'node:os';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { FactsDatabase } from './facts-database.ts';
import type { Log } from './log.ts';
import { createSilentSessions } from './silent-sessions.ts';

/** The right to act for a while. */
export interface Lease {
  /** Rises with every change of leader. Effects are written only where the stored epoch is still this one. */
  readonly epoch: number;
  /** Aborts when the right is lost or leadership is stopped. */
  readonly signal: AbortSignal;
}

export interface LeaderTiming {
  readonly heartbeatMs: number;
  /** PostgreSQL ends a session that is silent for so long; that frees the lock of a frozen process. */
  readonly idleSessionMs: number;
  /** How often one that does not lead tries to. */
  readonly retryMs: number;
}

export interface LeadOptions {
  readonly store: Pick<FactsDatabase, 'url' | 'service'>;
  /** One leader a name and database. */
  readonly name: string;
  /** The work. It ends soon after `lease.signal` aborts; when it fails or ends before, the lease is given up and asked for again. */
  onLead(lease: Lease): Promise<void>;
  readonly log: Log;
  readonly timing?: Partial<LeaderTiming>;
}

export interface Leadership {
  leading(): boolean;
  /** Ends the work, then frees the lock, so that another process leads at once. */
  stop(): Promise<void>;
}

const TIMING: LeaderTiming = { heartbeatMs: 3_000, idleSessionMs: 10_000, retryMs: 1_000 };
const AFTER_FAILURE_MS = { first: 250, most: 5_000 };

const quietly = (wait: Promise<unknown>): Promise<void> =>
  wait.then(
    () => undefined,
    () => undefined,
  );

const nameOf = ({ store, name }: Pick<LeadOptions, 'store' | 'name'>): string => `${store.service} ${name} leader`;

async function connect(options: LeadOptions, timing: LeaderTiming): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: options.store.url,
    application_name: nameOf(options),
    connectionTimeoutMillis: 3_000,
    query_timeout: 5_000,
    keepAlive: true,
  });
  client.on('error', () => undefined);
  await client.connect();
  await client.query(`set idle_session_timeout = ${timing.idleSessionMs}`);
  return client;
}

async function tryLock(client: pg.Client, name: string): Promise<boolean> {
  const text = `select pg_try_advisory_lock(hashtextextended('es.leader ' || $1, 0)) as locked`;
  const { rows } = await client.query<{ locked: boolean }>(text, [name]);
  return rows[0]?.locked === true;
}

async function nextEpoch(client: pg.Client, name: string): Promise<number> {
  const { rows } = await client.query<{ epoch: string }>(
    `insert into es.leaders (name, epoch, holder) values ($1, 1, $2)
     on conflict (name) do update set epoch = leaders.epoch + 1, holder = excluded.holder, since = clock_timestamp()
     returning epoch`,
    [name, `${hostname()} ${process.pid}`],
  );
  return Number(rows[0]?.epoch);
}

/** Resolves when the session is lost, or a heartbeat came so late that PostgreSQL may have given the lock away. */
async function beat(client: pg.Client, timing: LeaderTiming, signal: AbortSignal): Promise<void> {
  const limitMs = Math.max(timing.idleSessionMs, timing.heartbeatMs);
  for (let last = performance.now(); !signal.aborted;) {
    await quietly(pause(timing.heartbeatMs, undefined, { signal }));
    if (signal.aborted || performance.now() - last > limitMs) return;
    last = performance.now();
    await client.query('select 1');
  }
}

/** Which of these names anybody leads, in whatever process: leading is holding a lock, and a frozen leader loses it. */
export async function ledBySomebody(
  db: Pick<pg.Pool, 'query'>,
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await db.query<{ name: string }>(
    `select name from unnest($1::text[]) as name where exists (
       select from pg_locks where locktype = 'advisory' and objsubid = 1 and granted
         and database = (select oid from pg_database where datname = current_database())
         and ((classid::bigint << 32) | objid::bigint) = hashtextextended('es.leader ' || name, 0))`,
    [names],
  );
  return new Set(rows.map(({ name }) => name));
}

/**
 * Leads whenever it can: holds a session advisory lock on a connection of its own and runs `onLead` while it does. Another
 * process takes over within 15 s when this one is killed, frozen or cut off; a restarted database is connected to again.
 */
export function lead(options: LeadOptions): Leadership {
  const timing = { ...TIMING, ...options.timing };
  const stopping = new AbortController();
  const { log, name } = options;
  // It remembers across connections: one that breaks often would otherwise never see another's silence.
  const silent = createSilentSessions(nameOf(options), timing.idleSessionMs + timing.heartbeatMs);
  let leads = false;

  const serve = async (client: pg.Client, lost: AbortController): Promise<void> => {
    const epoch = await nextEpoch(client, name);
    const signal = AbortSignal.any([lost.signal, stopping.signal]);
    const heart = quietly(beat(client, timing, signal)).then(() => lost.abort());
    leads = true;
    log.info({ leader: name, epoch }, 'leads');
    try {
      await options.onLead({ epoch, signal });
    } finally {
      leads = false;
      lost.abort();
      await heart;
    }
  };

  const term = async (): Promise<void> => {
    const client = await connect(options, timing);
    const lost = new AbortController();
    client.once('end', () => lost.abort());
    const over = AbortSignal.any([lost.signal, stopping.signal]);
    try {
      while (!over.aborted && !(await tryLock(client, name))) {
        if ((await silent.end(client)) > 0) log.warn({ leader: name }, 'the session of a frozen leader is ended');
        await quietly(pause(timing.retryMs, undefined, { signal: over }));
      }
      if (!over.aborted) await serve(client, lost);
    } finally {
      await quietly(client.end());
    }
  };

  const campaign = async (): Promise<void> => {
    for (let waitMs = AFTER_FAILURE_MS.first; !stopping.signal.aborted;) {
      const began = performance.now();
      await term().catch((error: unknown) => log.warn({ leader: name, err: error }, 'does not lead, tries again'));
      if (performance.now() - began > AFTER_FAILURE_MS.most) waitMs = AFTER_FAILURE_MS.first;
      await quietly(pause(waitMs, undefined, { signal: stopping.signal }));
      waitMs = Math.min(waitMs * 2, AFTER_FAILURE_MS.most);
    }
  };

  const campaigning = campaign();
  return {
    leading: () => leads,
    async stop() {
      stopping.abort();
      await campaigning;
    },
  };
}
