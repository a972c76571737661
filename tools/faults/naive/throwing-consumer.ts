import type { PartitionBatch } from '@tongchou/messaging';
import { judgePoison } from '../poison-checker.ts';
import { PoisonSender } from '../poison-load.ts';
import type { TrialContext, TrialOutcome } from '../trial.ts';
import { eventually, type Ground, listenNaively, openGround } from './ground.ts';
import { makeNaiveStore, storeNaively } from './naive-store.ts';

const GOOD = 200;
const TIMES = 3;

/** Believes what comes, and throws what it cannot read: its batch comes again, for ever. */
async function takeAll(ground: Ground, { messages }: PartitionBatch): Promise<void> {
  for (const message of messages) {
    const { amount } = JSON.parse(String(message.value)) as { amount: number };
    if (amount > 0) await storeNaively(ground.target, message);
  }
}

/** One in a hundred cannot be read; the same checker then counts what never came. */
export async function throwingConsumerControl(context: TrialContext): Promise<TrialOutcome['control']> {
  const ground = await openGround(context, 'p14', 'naive');
  await makeNaiveStore(ground.target);
  const send = (messages: Parameters<typeof ground.foreign.send>[1]): Promise<void> =>
    ground.foreign.send(ground.topic, messages);
  const sender = new PoisonSender({ source: ground.settings.source, random: context.random, send });
  await sender.sendGood(GOOD, true);
  const thrown = new Map<number, number>();
  await listenNaively(context, ground, async (batch) => {
    try {
      await takeAll(ground, batch);
    } catch (error) {
      thrown.set(batch.partition, (thrown.get(batch.partition) ?? 0) + 1);
      throw error;
    }
  });
  await eventually(async () => [...thrown.values()].some((times) => times >= TIMES));
  const { rows } = await ground.target.query<{ eventId: string }>('select event_id as "eventId" from naive.received');
  const stored = new Set(rows.map(({ eventId }) => eventId));
  const violations = judgePoison({
    good: sender.good,
    poison: [],
    stored,
    parked: [],
    healed: [],
    storedAtLast: [],
    waiting: 0,
    behind: 0,
  });
  return { what: 'a consumer that throws at what it cannot read', violations };
}
