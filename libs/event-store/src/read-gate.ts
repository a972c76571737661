import { performance } from 'node:perf_hooks';
import type { Checkpoint } from './checkpoints.ts';
import type { FactsDatabase } from './facts-database.ts';
import { type Freshness, readFreshness, servingCheckpoints } from './freshness.ts';
import { createLocator, isCovered, type Located } from './locate-facts.ts';
import { BadToken, parseToken, type TokenEntry } from './token.ts';
import { rest } from './transient.ts';

/** The read model does not hold what was asked for in time; when it has stopped, at once. */
export class StaleRead extends Error {
  readonly code = 'STALE_READ';
  /** False when the model has stopped: waiting does not help. */
  readonly retryable: boolean;

  constructor(message: string, retryable: boolean) {
    super(message);
    this.name = 'StaleRead';
    this.retryable = retryable;
  }
}

export interface WaitOptions {
  /** 2,000 when not given. */
  readonly timeoutMs?: number;
  /** `best-effort` answers instead of throwing `StaleRead`. */
  readonly mode?: 'strict' | 'best-effort';
}

export interface Consistency {
  readonly satisfied: boolean;
  /** How old what is read may be; 0 when satisfied, `null` when nothing was asked for or nobody can tell. */
  readonly behindMs: number | null;
}

export interface ReadGate {
  /**
   * Resolves when the models hold everything that the token names, on whatever instance they are folded. Entries of sources
   * or stream types that this service does not receive count as met.
   *
   * @throws StaleRead after the timeout, and at once when one of the models has stopped before it held it.
   * @throws BadToken when the token cannot be read, or comes from another store of this service.
   */
  wait(models: readonly string[], token: string | undefined, options?: WaitOptions): Promise<Consistency>;
  /** Per source, up to when the named models (all when none are named) are complete; at most 100 ms old. */
  freshness(models?: readonly string[]): Promise<Freshness[]>;
}

export interface ReadGateOptions {
  /** Whether facts of these streams arrive here; when not given, those of every source that was ever heard. */
  receives?(source: string, streamType: string): boolean;
}

const TIMEOUT_MS = 2_000;
const POLL_MS = 50;
const FRESHNESS_KEPT_MS = 100;

const nameOf = ({ service, streamType, streamId, version }: TokenEntry): string =>
  `${service}:${streamType}:${streamId}@${version}`;

async function heardSources(store: FactsDatabase, sources: readonly string[]): Promise<Set<string>> {
  const { rows } = await store.pool.query<{ source: string }>(
    `select source from unnest($1::text[]) as asked (source)
     where exists (select 1 from es.received r where r.source = asked.source)
       or exists (select 1 from es.watermarks w where w.source = asked.source)`,
    [sources],
  );
  return new Set(rows.map(({ source }) => source));
}

function refuseOtherStores(store: FactsDatabase, entries: readonly TokenEntry[]): void {
  const other = entries.find(
    ({ service, system }) => service === store.service && system !== undefined && system !== store.systemIdentifier,
  );
  if (!other) return;
  throw new BadToken(
    `The token speaks of store ${other.system} of ${store.service}, this is store ${store.systemIdentifier}: ` +
      'it was restored or replaced. Read again without the token.',
  );
}

interface Waiting {
  readonly models: readonly string[];
  readonly entries: readonly TokenEntry[];
  located: readonly (Located | undefined)[];
}

/** What keeps a read from being answered. */
interface Hindrance {
  readonly model: string;
  readonly entry: TokenEntry;
  readonly stopped: string | undefined;
}

/** The first model that does not hold everything, and what it lacks; `undefined` = none. */
function hindrance(waiting: Waiting, serving: ReadonlyMap<string, Checkpoint>): Hindrance | undefined {
  for (const model of waiting.models) {
    const checkpoint = serving.get(model);
    const entry = waiting.entries.find((_, index) => {
      const located = waiting.located[index];
      return !checkpoint || !located || !isCovered(checkpoint.cursor, located);
    });
    if (entry !== undefined) return { model, entry, stopped: checkpoint?.stopped };
  }
  return undefined;
}

function staleRead({ model, entry, stopped }: Hindrance): StaleRead {
  const reason = stopped === undefined ? 'not yet' : `it has stopped: ${stopped}`;
  return new StaleRead(`Read model ${model} does not hold ${nameOf(entry)}, ${reason}`, stopped === undefined);
}

/** Shares one call among all that ask while it is under way. */
function shared<T>(call: () => Promise<T>): () => Promise<T> {
  let under: Promise<T> | undefined;
  return () => {
    under ??= call().finally(() => {
      under = undefined;
    });
    return under;
  };
}

function keptFreshness(store: FactsDatabase): ReadGate['freshness'] {
  const kept = new Map<string, { readonly until: number; readonly answer: Promise<Freshness[]> }>();
  return (models = []) => {
    const key = models.toSorted().join();
    const last = kept.get(key);
    if (last && last.until > performance.now()) return last.answer;
    const answer = readFreshness(store.pool, store.service, models);
    kept.set(key, { until: performance.now() + FRESHNESS_KEPT_MS, answer });
    answer.catch(() => kept.delete(key));
    return answer;
  };
}

/** Waits for read models, on any instance of the service: what it needs to know lies in the database. */
export function createReadGate(store: FactsDatabase, options: ReadGateOptions = {}): ReadGate {
  const ear = store.wake.listen('folded');
  const serving = shared(() => servingCheckpoints(store.pool));
  const moved = shared(() => ear.wait(POLL_MS));
  const locate = createLocator(store);
  const freshness = keptFreshness(store);

  const received = async (entries: readonly TokenEntry[]): Promise<TokenEntry[]> => {
    const foreign = entries.filter(({ service }) => service !== store.service);
    if (foreign.length === 0) return [...entries];
    const { receives } = options;
    const heard = receives ? undefined : await heardSources(store, [...new Set(foreign.map(({ service }) => service))]);
    return entries.filter(
      ({ service, streamType }) =>
        service === store.service || (receives ? receives(service, streamType) : heard?.has(service) === true),
    );
  };

  const look = async (waiting: Waiting): Promise<Hindrance | undefined> => {
    if (waiting.located.length === 0 || waiting.located.includes(undefined))
      waiting.located = await locate(waiting.entries);
    return hindrance(waiting, await serving());
  };

  const behind = async ({ models, entries }: Waiting): Promise<number | null> => {
    const sources = new Set(entries.map(({ service }) => service));
    const lags = (await freshness(models)).filter(({ source }) => sources.has(source)).map(({ lagMs }) => lagMs);
    return lags.length === 0 || lags.includes(null) ? null : Math.max(...lags.map(Number));
  };

  return {
    freshness,
    async wait(models, token, { timeoutMs = TIMEOUT_MS, mode = 'strict' } = {}) {
      if (token === undefined) return { satisfied: true, behindMs: null };
      const asked = parseToken(token);
      refuseOtherStores(store, asked);
      const waiting: Waiting = { models, entries: await received(asked), located: [] };
      const end = performance.now() + timeoutMs;
      for (;;) {
        const stale = waiting.entries.length === 0 ? undefined : await look(waiting);
        if (!stale) return { satisfied: true, behindMs: 0 };
        const leftMs = end - performance.now();
        if (leftMs > 0 && stale.stopped === undefined) {
          await (leftMs < POLL_MS ? rest(leftMs) : moved());
          continue;
        }
        if (mode === 'strict') throw staleRead(stale);
        return { satisfied: false, behindMs: await behind(waiting) };
      }
    },
  };
}
