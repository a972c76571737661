import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { reasonOf } from '../state/problem.ts';
import type { History } from './history.ts';
import { seededRandom } from './random.ts';
import type { Servers } from './servers.ts';
import { type BusKind, NotHere, type Trial, type TrialContext, type TrialOutcome } from './trial.ts';

/** One trial as it is to be run. */
export interface Turn {
  readonly trial: Trial;
  readonly bus: BusKind;
  readonly seed: number;
}

/** Not shown: the naive variant was not found out. Not here: this machine lacks something. */
export type Verdict = 'held' | 'BROKEN' | 'NOT SHOWN' | 'not run here';

export interface TurnResult extends Turn {
  readonly verdict: Verdict;
  /** Absent when it did not come to an end. */
  readonly outcome?: TrialOutcome;
  readonly faults: Readonly<Record<string, number>>;
  /** What was broken, or why it was not shown or not run. */
  readonly reasons: readonly string[];
  readonly seconds: number;
}

export interface Stage {
  readonly full: boolean;
  readonly folder: string;
  readonly history: History;
  readonly servers: Servers;
  readonly say: (line: string) => void;
  /** Told on Ctrl-C: nothing new begins. */
  readonly told: AbortSignal;
}

const WITHIN_MS = { smoke: 4 * 60_000, full: 15 * 60_000 };

export const nameOf = ({ trial, bus, seed }: Turn): string => `${trial.id}-${trial.bus ? bus : 'once'}-${seed}`;

interface Kept {
  readonly context: TrialContext;
  readonly faults: Record<string, number>;
  readonly cleanUp: () => Promise<void>;
}

function contextOf(turn: Turn, stage: Stage): Kept {
  const { trial, bus, seed } = turn;
  const name = nameOf(turn);
  const faults: Record<string, number> = {};
  const ends: (() => Promise<unknown>)[] = [];
  const write = (event: object): void => stage.history.write({ trial: trial.id, bus, seed, ...event });
  const context: TrialContext = {
    seed,
    random: seededRandom(trial.id, bus, seed),
    bus,
    full: stage.full,
    folder: path.join(stage.folder, name),
    note: write,
    count(fault, times = 1) {
      faults[fault] = (faults[fault] ?? 0) + times;
      write({ fault, times });
    },
    say: (line) => stage.say(`${name}  ${line}`),
    atEnd: (done) => void ends.push(done),
    server: () => stage.servers.postgres(name.toLowerCase().replaceAll('-', '_')),
    brokers: () => stage.servers.brokers(),
  };
  const cleanUp = async (): Promise<void> => {
    for (let done = ends.pop(); done; done = ends.pop()) {
      await done().catch((error: unknown) => stage.say(`${name}  did not clean up: ${reasonOf(error)}`));
    }
    await rm(context.folder, { recursive: true, force: true });
  };
  return { context, faults, cleanUp };
}

/** @throws when it is told to stop, or has not ended after its time. */
async function bounded<Result>(work: Promise<Result>, withinMs: number, told: AbortSignal): Promise<Result> {
  const over = new AbortController();
  const signal = AbortSignal.any([told, over.signal]);
  const late = pause(withinMs, undefined, { signal }).then(
    () => Promise.reject(new Error(`it had not ended after ${withinMs / 60_000} minutes`)),
    () => (told.aborted ? Promise.reject(new Error('it was stopped')) : new Promise<never>(() => undefined)),
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
    late.catch(() => undefined);
  }
}

function judge(outcome: TrialOutcome): Pick<TurnResult, 'verdict' | 'reasons'> {
  if (outcome.violations.length > 0) return { verdict: 'BROKEN', reasons: outcome.violations };
  if (outcome.control.violations.length > 0) return { verdict: 'held', reasons: [] };
  return { verdict: 'NOT SHOWN', reasons: [`the naive variant passed as well: ${outcome.control.what}`] };
}

/** Runs one trial to its verdict; whatever it started is ended before the answer comes. */
export async function runTurn(turn: Turn, stage: Stage): Promise<TurnResult> {
  const { context, faults, cleanUp } = contextOf(turn, stage);
  const began = performance.now();
  const result = (rest: Omit<TurnResult, keyof Turn | 'faults' | 'seconds'>): TurnResult => ({
    ...turn,
    faults,
    seconds: Math.round((performance.now() - began) / 100) / 10,
    ...rest,
  });
  context.note({ begins: turn.trial.says });
  await mkdir(context.folder, { recursive: true, mode: 0o755 });
  try {
    const work = turn.trial.run(context);
    work.catch(() => undefined);
    const outcome = await bounded(work, stage.full ? WITHIN_MS.full : WITHIN_MS.smoke, stage.told);
    return result({ outcome, ...judge(outcome) });
  } catch (error) {
    const verdict = error instanceof NotHere ? 'not run here' : 'BROKEN';
    if (error instanceof Error && verdict === 'BROKEN') context.note({ stack: error.stack });
    return result({ verdict, reasons: [reasonOf(error)] });
  } finally {
    await cleanUp();
  }
}
