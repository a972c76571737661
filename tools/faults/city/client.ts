import { setTimeout as pause } from 'node:timers/promises';
import type { ServiceName } from '../../state/run-file.ts';
import type { Sent } from './door.ts';
import type { Acknowledged, Answer, Expected, Lane, Step } from './step.ts';
import { versionIn } from './step.ts';

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;

export interface ClientPlan {
  readonly lanes: readonly Lane[];
  /** Sends steps of one service, one a lane. */
  send(service: ServiceName, steps: readonly Step[]): Promise<Sent>;
  answered(acknowledged: Acknowledged): void;
  /** What was answered is not what must hold; the client goes on. */
  wrong(reason: string): void;
  /** A request of which nothing, or not everything, was heard. */
  failed?(reason: string): void;
  /** A command that is to be sent again: the service did not come to it. */
  askedAgain?(reason: string): void;
  /** Aborted when nothing new is to begin. */
  readonly enough: AbortSignal;
  /** Aborted when unanswered commands are given up too. */
  readonly giveUp: AbortSignal;
}

interface Pending {
  readonly lane: Lane;
  readonly step: Step;
  readonly since: number;
  readonly tries: number;
}

/** Costs has not heard of the work yet, or the read model of who may: to wait is the right answer. */
const WAITING: ReadonlySet<string | undefined> = new Set(['ProjectUnknown', 'FORBIDDEN']);
const FINAL: ReadonlySet<Answer['status']> = new Set(['accepted', 'repeated', 'rejected', 'invalid']);

/** Why an answer is not the expected one; undefined when it is. */
export function mismatch(expected: Expected, { status, code, consistencyToken }: Answer): string | undefined {
  const isDone = status === 'accepted' || status === 'repeated';
  if (expected.kind === 'refused') {
    return !isDone && code === expected.code ? undefined : `was answered ${status} ${code ?? ''}, not ${expected.code}`;
  }
  if (!isDone) return `was answered ${status} ${code ?? ''}, not accepted`;
  const version = versionIn(consistencyToken);
  if (expected.version === undefined || version === expected.version) return undefined;
  return `was answered version ${version ?? 'none'}, not ${expected.version}`;
}

/** Sends commands of all its lanes, one a lane under way, each again with its key until it is answered. */
export async function runClient(plan: ClientPlan): Promise<void> {
  const pending = new Map<Lane, Pending>();
  let waitMs = FIRST_PAUSE_MS;
  while (!plan.giveUp.aborted) {
    if (!plan.enough.aborted) begin(plan.lanes, pending);
    if (pending.size === 0) return;
    if (await round(plan, pending)) waitMs = FIRST_PAUSE_MS;
    else {
      await pause(waitMs, undefined, { signal: plan.giveUp }).catch(() => undefined);
      waitMs = Math.min(waitMs * 2, LONGEST_PAUSE_MS);
    }
  }
  for (const { step, tries } of pending.values()) plan.wrong(`${step.key} was never answered (${tries} tries)`);
}

function begin(lanes: readonly Lane[], pending: Map<Lane, Pending>): void {
  for (const lane of lanes) {
    if (!pending.has(lane)) pending.set(lane, { lane, step: lane.next(), since: performance.now(), tries: 0 });
  }
}

/** One request a service with what is pending; true when something was settled. */
async function round(plan: ClientPlan, pending: Map<Lane, Pending>): Promise<boolean> {
  const groups = Map.groupBy([...pending.values()], ({ step }) => step.service);
  const rounds = [...groups].map(async ([service, group]) => {
    const { answers, failure } = await plan.send(
      service,
      group.map(({ step }) => step),
    );
    if (failure !== undefined) plan.failed?.(failure);
    const settled = group.map((one) => settle(plan, pending, one, answers.get(one.step)));
    return settled.includes(true);
  });
  return (await Promise.all(rounds)).includes(true);
}

function settle(plan: ClientPlan, pending: Map<Lane, Pending>, one: Pending, answer: Answer | undefined): boolean {
  const { lane, step, since } = one;
  const tries = one.tries + 1;
  if (!answer || !FINAL.has(answer.status)) {
    if (answer && !WAITING.has(answer.code)) plan.askedAgain?.(`${answer.status} ${answer.code ?? ''}`);
    pending.set(lane, { ...one, tries });
    return false;
  }
  pending.delete(lane);
  const wrong = mismatch(step.expected, answer);
  if (wrong !== undefined) plan.wrong(`${step.command} ${step.key} ${wrong} (${tries} tries)`);
  lane.done(step);
  plan.answered({ ...step, answer, tries, ms: Math.round(performance.now() - since) });
  return true;
}
