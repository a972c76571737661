import type { PartitionBatch } from '@tongchou/messaging';
import type { TrialContext, TrialOutcome } from '../trial.ts';
import { eventually, type Ground, listenNaively, newsBehind, openGround } from './ground.ts';
import { countNaive, judgeNaive, makeNaiveStore, storeNaively } from './naive-store.ts';

const EVENTS = 4;

/** Takes all messages of a batch at once; the first one's work takes longest. */
const allAtOnce =
  (ground: Ground) =>
  async ({ messages: [first, ...others] }: PartitionBatch): Promise<void> => {
    await Promise.all(others.map((message) => storeNaively(ground.target, message)));
    if (first) await storeNaively(ground.target, first);
  };

const inTurn =
  (ground: Ground) =>
  async ({ messages }: PartitionBatch): Promise<void> => {
    for (const message of messages) await storeNaively(ground.target, message);
  };

async function concurrently(context: TrialContext): Promise<string[]> {
  const ground = await openGround(context, 'p5', 'atonce');
  await makeNaiveStore(ground.target);
  await ground.happen('hot', 0, EVENTS);
  await ground.foreign.send(ground.topic, (await newsBehind(ground, '0')).messages);
  await listenNaively(context, ground, allAtOnce(ground));
  await eventually(async () => (await countNaive(ground.target)) >= EVENTS);
  return judgeNaive(ground.source, ground.target, ground.settings.source);
}

/** Two relays that know of no epoch: one reads, sleeps, and publishes when the other one is further on. */
async function wokenLeader(context: TrialContext): Promise<string[]> {
  const ground = await openGround(context, 'p5', 'woken');
  await makeNaiveStore(ground.target);
  await ground.happen('hot', 0, 2);
  const readBeforeItSlept = await newsBehind(ground, '0');
  const successor = await newsBehind(ground, '0');
  await ground.foreign.send(ground.topic, successor.messages);
  await ground.happen('hot', 2, 2);
  await ground.foreign.send(ground.topic, (await newsBehind(ground, successor.position)).messages);
  await ground.foreign.send(ground.topic, readBeforeItSlept.messages);
  await listenNaively(context, ground, inTurn(ground));
  await eventually(async () => (await countNaive(ground.target)) >= EVENTS + 2);
  return judgeNaive(ground.source, ground.target, ground.settings.source);
}

export async function disorderControl(context: TrialContext): Promise<TrialOutcome['control']> {
  const what = 'a consumer that takes messages at once; a leader without an epoch that wakes late';
  const [atOnce, woken] = [await concurrently(context), await wokenLeader(context)];
  const shown = [atOnce, woken].every((lines) => lines.some((line) => line.startsWith('inverted')));
  return { what, violations: shown ? [...atOnce, ...woken] : [] };
}
