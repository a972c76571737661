import { startWorker } from '../flow-worker.ts';
import type { TrialContext, TrialOutcome } from '../trial.ts';
import { eventually, type Ground, listenNaively, newsBehind, openGround } from './ground.ts';
import { countNaive, judgeNaive, makeNaiveStore, storeNaively } from './naive-store.ts';

const STREAMS = ['a', 'b', 'c', 'd', 'e', 'f'];
const EACH = 3;
const EVENTS = STREAMS.length * EACH;

async function happenAll(ground: Ground): Promise<void> {
  for (const name of STREAMS) await ground.happen(name, 0, EACH);
}

/** Stores what comes, as it comes, and everything comes twice. */
async function withoutVersions(context: TrialContext): Promise<string[]> {
  const ground = await openGround(context, 'p4', 'doubling');
  await makeNaiveStore(ground.target);
  await happenAll(ground);
  const { messages } = await newsBehind(ground, '0');
  await ground.foreign.send(ground.topic, [...messages, ...messages]);
  await listenNaively(context, ground, async (batch) => {
    for (const message of batch.messages) await storeNaively(ground.target, message);
  });
  await eventually(async () => (await countNaive(ground.target)) >= EVENTS * 2);
  return judgeNaive(ground.source, ground.target, ground.settings.source);
}

/** Commits its offset, is killed, and never stores what it had in hand. */
async function offsetFirst(context: TrialContext): Promise<string[]> {
  const ground = await openGround(context, 'p4', 'losing');
  await makeNaiveStore(ground.target);
  await happenAll(ground);
  const { messages } = await newsBehind(ground, '0');
  await ground.foreign.send(ground.topic, messages);
  const worker = startWorker(context, {
    name: 'consumer that commits first',
    file: 'naive/offset-first-consumer.ts',
    settings: ground.settings,
  });
  const ends = await ground.bus.ends(ground.topic);
  await eventually(async () => {
    const { rows } = await ground.target.query<{ n: string }>('select sum(next_offset) as n from naive.offsets');
    return worker.ownEnds > 0 && Number(rows[0]?.n) === ends.reduce((sum, end) => sum + end, 0);
  });
  await worker.stop();
  return judgeNaive(ground.source, ground.target, ground.settings.source);
}

export async function carelessConsumerControl(context: TrialContext): Promise<TrialOutcome['control']> {
  const what = 'a consumer without versions and messages that come twice; one killed between offset and effect';
  const doubling = await withoutVersions(context);
  const losing = await offsetFirst(context);
  const shown =
    doubling.some((line) => line.startsWith('doubled')) && losing.some((line) => line.startsWith('missing'));
  return { what, violations: shown ? [...doubling, ...losing] : [] };
}
