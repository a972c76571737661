import type { Fact, Tagged } from '@tongchou/kernel';
import { LeadershipLost } from './apply-facts.ts';
import { claimCheckpoint, type CheckpointKey, moveCheckpoints, restartCheckpoint, setStopped } from './checkpoints.ts';
import { type Decode, readable } from './decode-facts.ts';
import { type Cursor, currentSnapshot, type Difference, FROM_THE_START } from './difference.ts';
import type { FactsDatabase } from './facts-database.ts';
import { uuidOf } from './identity.ts';
import { lead, type LeaderTiming, type Lease } from './leader.ts';
import { type Log, reasonOf } from './log.ts';
import { createReader } from './reader.ts';
import { storeIdentity } from './store-identity.ts';
import { isTransient, patiently, rest } from './transient.ts';

/** A policy over any facts that sends any of this service's commands; any `Policy` fits. */
export interface AnyPolicy {
  readonly name: string;
  react(fact: Fact): readonly Tagged[];
}

/** What a policy's command is sent with. */
export interface Dispatched {
  /** UUID v5 of the fact's event id, the policy and the command's place in its answer: repeats are the same command. */
  readonly commandId: string;
  readonly fact: Fact;
}

export interface PoliciesOptions {
  readonly store: FactsDatabase;
  readonly policies: readonly AnyPolicy[];
  readonly decode: Decode;
  /**
   * Runs a command. What it resolves to is of no account: a refusal is an answer, and the policy goes on. An error that is
   * `retryable`, or of a database or connection, is tried again until it passes; any other stops the policy.
   */
  dispatch(command: Tagged, dispatched: Dispatched): Promise<unknown>;
  readonly log: Log;
  readonly timing?: Partial<LeaderTiming>;
}

export interface PolicyStatus {
  readonly name: string;
  /** Why it does not go on. */
  readonly stopped?: string;
}

export interface Policies {
  status(): { readonly leading: boolean; readonly policies: readonly PolicyStatus[] };
  /** Ends after the commands under way; another instance goes on. */
  stop(): Promise<void>;
}

const IDLE_MS = 1_000;
const PAGE_SIZE = 500;
/** Streams whose facts are answered at once; the facts of one stream in their order. */
const LANES = 64;

interface Post {
  readonly policy: AnyPolicy;
  readonly key: CheckpointKey;
  readonly lease: Lease;
  readonly options: PoliciesOptions;
}

/** A policy cannot go on: a bug, told with the fact that shows it. */
class PolicyFault extends Error {}

const commandIdOf = (policy: AnyPolicy, fact: Fact, index: number): string =>
  uuidOf('policy command', fact.eventId, policy.name, String(index));

async function answer({ policy, lease, options }: Post, fact: Fact): Promise<void> {
  const { name } = policy;
  try {
    const patience = { log: options.log, name: `policy ${name}`, signal: lease.signal };
    for (const [index, command] of policy.react(fact).entries()) {
      const commandId = commandIdOf(policy, fact, index);
      await patiently(() => options.dispatch(command, { commandId, fact }), patience);
      if (lease.signal.aborted) return;
    }
  } catch (error) {
    if (isTransient(error)) throw error;
    const at = `${fact.event.type} (${fact.source}, stream ${fact.streamId}, version ${fact.version})`;
    throw new PolicyFault(`policy ${name} fails at ${at}: ${reasonOf(error)}`, { cause: error });
  }
}

/** Facts by stream, each in order, shared out over a bounded number of lanes. */
async function answerAll(post: Post, facts: readonly Fact[]): Promise<void> {
  const streams = [...Map.groupBy(facts, ({ source, streamId }) => `${source} ${streamId}`).values()].values();
  let fault: Error | undefined;
  const lane = async (): Promise<void> => {
    for (const stream of streams)
      for (const fact of stream) {
        if (fault !== undefined || post.lease.signal.aborted) return;
        await answer(post, fact).catch((error: unknown) => {
          fault ??= error instanceof Error ? error : new Error(reasonOf(error));
        });
      }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  if (fault !== undefined) throw fault;
}

async function react(post: Post, difference: Difference, saved: Cursor): Promise<void> {
  const { lease, key, options } = post;
  const facts = readable(difference.facts, options.decode);
  if (typeof facts === 'string') throw new PolicyFault(facts);
  await answerAll(post, facts);
  if (lease.signal.aborted) return;
  const move = { epoch: lease.epoch, from: saved, to: difference.to };
  const patience = { log: options.log, name: key.reader, signal: lease.signal };
  const moved = await patiently(() => moveCheckpoints(options.store.pool, [key], move), patience);
  if (!moved) throw new LeadershipLost(key.reader);
}

/**
 * Takes the policy's checkpoint over; what stopped before is tried again, by code that may be repaired. In a restored
 * database it begins at the first fact: commands that were sent before change nothing.
 */
async function claim(post: Post): Promise<Cursor> {
  const { key, lease, options } = post;
  const { pool } = options.store;
  const identity = await storeIdentity(pool);
  const checkpoint = await claimCheckpoint(pool, key, { epoch: lease.epoch, identity });
  if (!checkpoint) throw new LeadershipLost(key.reader);
  const newer = checkpoint.cursor.base.xmax > (await currentSnapshot(pool)).xmax;
  if (checkpoint.identity !== identity || newer) {
    options.log.warn(
      { policy: post.policy.name },
      'the database was restored: the policy reads it from the first fact',
    );
    if (!(await restartCheckpoint(pool, key, lease.epoch, identity))) throw new LeadershipLost(key.reader);
    return FROM_THE_START;
  }
  if (checkpoint.stopped !== undefined) await setStopped(pool, key, lease.epoch, undefined);
  return checkpoint.cursor;
}

async function follow(post: Post): Promise<void> {
  const { options, lease, key } = post;
  const from = await claim(post);
  const { store, log } = options;
  const reader = createReader({
    store,
    log,
    name: key.reader,
    from,
    tables: ['events', 'received'],
    pageSize: PAGE_SIZE,
  });
  const patience = { log, name: key.reader, signal: lease.signal };
  try {
    for (let saved = from; !lease.signal.aborted;) {
      const difference = await patiently(() => reader.next(IDLE_MS, lease.signal), patience);
      if (difference.facts.length === 0) continue;
      await react(post, difference, saved);
      reader.done(difference);
      saved = difference.to;
    }
  } finally {
    reader.close();
  }
}

/** A policy that fails for good stops alone, until the next start; what another instance took over ends the lease. */
async function serve(post: Post): Promise<void> {
  const { options, key, lease } = post;
  const waited = new Promise<void>((resolve) =>
    lease.signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  try {
    await follow(post);
  } catch (error) {
    if (lease.signal.aborted) return;
    if (!(error instanceof PolicyFault)) throw error;
    options.log.error({ policy: post.policy.name, err: error }, 'a policy has stopped');
    const patience = { log: options.log, name: key.reader, signal: lease.signal };
    await patiently(() => setStopped(options.store.pool, key, lease.epoch, error.message), patience);
    await waited;
  }
}

async function serveAll(options: PoliciesOptions, lease: Lease): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([lease.signal, failed.signal]);
  const results = await Promise.allSettled(
    options.policies.map(async (policy) => {
      const key = { reader: `policy.${policy.name}`, version: 1 };
      await serve({ policy, key, lease: { ...lease, signal }, options }).catch((error: unknown) => {
        failed.abort();
        throw error;
      });
    }),
  );
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
}

async function readStops({ store }: PoliciesOptions): Promise<ReadonlyMap<string, string>> {
  const { rows } = await store.pool.query<{ reader: string; stopped: string }>(
    `select reader, stopped from es.checkpoints where reader like 'policy.%' and stopped is not null`,
  );
  return new Map(rows.map(({ reader, stopped }) => [reader, stopped]));
}

/**
 * Answers facts, own and received, with commands: each policy from the first fact on, in the order of each stream, with a
 * checkpoint of its own. Repeats after a crash carry the same command ids. Any number of instances may run; one leads.
 */
export async function startPolicies(options: PoliciesOptions): Promise<Policies> {
  const { store, policies, log, timing } = options;
  const stopping = new AbortController();
  let stops = await readStops(options);
  const followStops = async (): Promise<void> => {
    for (; !stopping.signal.aborted; await rest(IDLE_MS, stopping.signal))
      stops = await readStops(options).catch(() => stops);
  };
  const following = followStops();
  const onLead = (lease: Lease): Promise<void> => serveAll(options, lease);
  const leadership =
    policies.length === 0 ? undefined : lead({ store, name: 'policies', log, onLead, ...(timing ? { timing } : {}) });
  return {
    status: () => ({
      leading: leadership?.leading() ?? false,
      policies: policies.map(({ name }) => {
        const stopped = stops.get(`policy.${name}`);
        return stopped === undefined ? { name } : { name, stopped };
      }),
    }),
    async stop() {
      stopping.abort();
      await leadership?.stop();
      await following;
    },
  };
}
