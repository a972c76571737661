import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { Log } from './log.ts';

/** `facts`: own events or received facts were committed. `folded`: a read model's checkpoint moved. */
export type WakeChannel = 'facts' | 'folded';

/** Hears one channel, for one waiter at a time. What is announced between two waits ends the next wait at once. */
export interface Listener {
  /** Resolves to true when something was announced, to false after `withinMs` or when `signal` aborts. */
  wait(withinMs: number, signal?: AbortSignal): Promise<boolean>;
  close(): void;
}

/**
 * Wakes readers after a commit. A hint, never a promise: readers also poll, so a lost announcement costs milliseconds.
 */
export interface Wake {
  /** Never waits and never fails. Call it after the commit. */
  announce(channel: WakeChannel): void;
  listen(channel: WakeChannel): Listener;
  close(): Promise<void>;
}

export interface WakeOptions {
  readonly url: string;
  readonly log: Log;
  readonly applicationName?: string;
}

const CHANNELS: readonly WakeChannel[] = ['facts', 'folded'];
const BETWEEN_NOTIFIES_MS = 1;
const RECONNECT_MS = { first: 100, most: 5_000 };

interface Ear extends Listener {
  hear(): void;
}

function createEar(onClose: (ear: Ear) => void): Ear {
  let heard = false;
  let end: (() => void) | undefined;
  const ear: Ear = {
    hear() {
      heard = true;
      end?.();
    },
    async wait(withinMs, signal) {
      if (!heard && !signal?.aborted) {
        await new Promise<void>((resolve) => {
          const finish = (): void => {
            clearTimeout(timer);
            signal?.removeEventListener('abort', finish);
            end = undefined;
            resolve();
          };
          const timer = setTimeout(finish, withinMs);
          signal?.addEventListener('abort', finish, { once: true });
          end = finish;
        });
      }
      const result = heard;
      heard = false;
      return result;
    },
    close: () => onClose(ear),
  };
  return ear;
}

async function connect(options: WakeOptions, hear: (channel: WakeChannel) => void): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: options.url,
    application_name: `${options.applicationName ?? 'tongchou'} wake`,
    connectionTimeoutMillis: 3_000,
    query_timeout: 5_000,
    keepAlive: true,
  });
  client.on('error', () => undefined);
  await client.connect();
  const self = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  client.on('notification', ({ channel, processId }) => {
    const name = CHANNELS.find((known) => channel === `es_${known}`);
    if (name && processId !== self.rows[0]?.pid) hear(name);
  });
  await client.query(CHANNELS.map((name) => `listen es_${name}`).join(';'));
  return client;
}

async function tryToConnect(...[options, hear]: Parameters<typeof connect>): Promise<pg.Client | undefined> {
  return connect(options, hear).catch((error: unknown) => {
    options.log.warn({ err: error }, 'no connection to wake readers: they poll meanwhile');
    return undefined;
  });
}

/**
 * One connection that carries announcements both ways: to listeners of this process at once, to those of other processes
 * by a `NOTIFY` at most once a millisecond, never inside the transaction that it announces (which would serialise all
 * commits). Reconnects by itself.
 */
export function openWake(options: WakeOptions): Wake {
  const ears: Record<WakeChannel, Set<Ear>> = { facts: new Set(), folded: new Set() };
  const unsent = new Set<WakeChannel>();
  const closing = new AbortController();
  let client: pg.Client | undefined;
  let sending: Promise<void> | undefined;

  const hear = (channel: WakeChannel): void => ears[channel].forEach((ear) => ear.hear());

  const stayConnected = async (): Promise<void> => {
    for (let waitMs = RECONNECT_MS.first; !closing.signal.aborted;) {
      const fresh = await tryToConnect(options, hear);
      if (fresh) {
        const ended = new Promise<void>((resolve) => fresh.once('end', resolve));
        client = fresh;
        waitMs = RECONNECT_MS.first;
        CHANNELS.forEach(hear);
        if (closing.signal.aborted) await fresh.end();
        await ended;
        client = undefined;
      }
      await pause(waitMs, undefined, { signal: closing.signal }).catch(() => undefined);
      waitMs = Math.min(waitMs * 2, RECONNECT_MS.most);
    }
  };

  const send = async (): Promise<void> => {
    await Promise.resolve();
    while (unsent.size > 0 && client) {
      const text = [...unsent].map((name) => `notify es_${name}`).join(';');
      unsent.clear();
      await client.query(text).catch(() => undefined);
      await pause(BETWEEN_NOTIFIES_MS);
    }
    unsent.clear();
    sending = undefined;
  };

  const connected = stayConnected();
  return {
    announce(channel) {
      hear(channel);
      unsent.add(channel);
      sending ??= send();
    },
    listen(channel) {
      const ear = createEar((closed) => ears[channel].delete(closed));
      ears[channel].add(ear);
      return ear;
    },
    async close() {
      closing.abort();
      await sending;
      await client?.end().catch(() => undefined);
      await connected;
    },
  };
}
