import { setTimeout as pause } from 'node:timers/promises';
import { topicOf } from '@tongchou/contracts';
import { openStore, silentLog, type Store } from '@tongchou/event-store';
import { discardParked, releaseParked } from '@tongchou/messaging';
import type { Bus } from '@tongchou/messaging';
import { flowContracts } from './flow-facts.ts';
import { type Foreign, openForeign } from './flow-foreign.ts';
import { flowSettings, type FlowSettings, openFlowBus } from './flow-settings.ts';
import { type FlowWorker, startWorker } from './flow-worker.ts';
import { crashesOf } from './flow.ts';
import { throwingConsumerControl } from './naive/throwing-consumer.ts';
import { judgePoison, type PoisonEvidence, type SentFact } from './poison-checker.ts';
import { type Dose, PoisonSender } from './poison-load.ts';
import { messageOf } from './poison-messages.ts';
import type { Trial, TrialContext } from './trial.ts';

const PLAN = { smoke: { clean: 600, poisoned: 2_400 }, full: { clean: 5_000, poisoned: 15_000 } };
const CONSUMERS = 2;
const LOOK_EVERY_MS = 100;
const WITHIN_MS = 60_000;
const NEWER = 2;

interface Sickroom {
  readonly settings: FlowSettings;
  readonly topic: string;
  readonly store: Store;
  readonly bus: Bus;
  readonly foreign: Foreign;
  readonly consumers: readonly FlowWorker[];
  /** How long each good fact took, in ms, since it was last asked. */
  took(): number[];
}

async function openSickroom(context: TrialContext): Promise<Sickroom> {
  const settings = await flowSettings(context, 'p14', 'flow');
  const store = await openStore({ url: settings.targetUrl, service: settings.group, poolSize: 4 });
  context.atEnd(() => store.close());
  const bus = await openFlowBus(settings.bus, 'witness', store.pool, silentLog);
  context.atEnd(() => bus.close());
  const foreign = openForeign(settings.bus);
  context.atEnd(() => foreign.close());
  const topic = topicOf(settings.source);
  await bus.openTopic(topic);
  let times: number[] = [];
  const onMessage = (message: object): void => {
    if ('tookMs' in message && Array.isArray(message.tookMs)) times.push(...message.tookMs.map(Number));
  };
  const timed = { ...settings, timed: true, strict: true };
  const consumers = Array.from({ length: CONSUMERS }, (_, nth) =>
    startWorker(context, { name: `consumer ${nth + 1}`, file: 'workers/consumer.ts', settings: timed, onMessage }),
  );
  await Promise.all(consumers.map((consumer) => consumer.untilReady()));
  const took = (): number[] => {
    const all = times;
    times = [];
    return all;
  };
  return { settings, topic, store, bus, foreign, consumers, took };
}

/** Messages that nobody has taken in hand: stored or parked, each offset is passed. */
async function behind({ store, bus, topic }: Sickroom): Promise<number> {
  const ends = await bus.ends(topic);
  const { rows } = await store.pool.query<{ n: string | null }>(
    `select sum(furthest) as n from (
       select max(next_offset) as furthest from es.offsets where topic = $1 group by partition) as all_parts`,
    [topic],
  );
  return ends.reduce((sum, end) => sum + end, 0) - Number(rows[0]?.n ?? 0);
}

/** Until all is taken in hand, at most a minute: the checker tells what is not. */
async function untilTaken(room: Sickroom): Promise<number> {
  for (const end = performance.now() + WITHIN_MS; performance.now() < end; await pause(LOOK_EVERY_MS)) {
    if ((await behind(room)) === 0) return 0;
  }
  return behind(room);
}

async function storedFacts({ store, settings }: Sickroom): Promise<SentFact[]> {
  const { rows } = await store.pool.query<SentFact>(
    `select stream_id as stream, version::int as version, event_id as "eventId"
       from es.received where source = $1 order by position`,
    [settings.source],
  );
  return rows;
}

interface ParkedRow {
  readonly id: string;
  readonly eventId: string | null;
  readonly reason: string;
  readonly detail: string;
}

async function parkedNow({ store }: Sickroom): Promise<ParkedRow[]> {
  const { rows } = await store.pool.query<ParkedRow>(
    `select id, headers ->> 'ce_id' as "eventId", reason, detail from es.parked where released_at is null`,
  );
  return rows;
}

/** As operators do: senders repair and send again, newer code is deployed and releases, what is looked into is given up. */
async function repair(room: Sickroom, doses: readonly Dose[]): Promise<void> {
  const { store, settings, foreign, topic } = room;
  const parked = await parkedNow(room);
  const idsOf = (chosen: readonly Dose[]): string[] => {
    const wanted = new Set(chosen.map(({ eventId }) => eventId));
    return parked.flatMap(({ id, eventId }) => (eventId !== null && wanted.has(eventId) ? id : []));
  };
  const to = (how: string): Dose[] => doses.filter(({ poison }) => poison.repair === how);
  const unreadable = doses.filter(({ reason }) => reason === 'unreadable');
  await discardParked(store, idsOf([...to('give up'), ...unreadable]), 'looked into', flowContracts());
  await releaseParked(store, idsOf(to('newer code')), flowContracts(NEWER));
  await foreign.send(
    topic,
    to('send again').map(({ place }) => messageOf(settings.source, place)),
  );
}

const percentile = (times: readonly number[], share: number): number =>
  times.toSorted((one, other) => one - other)[Math.floor(times.length * share)] ?? 0;

async function poisoned(context: TrialContext, room: Sickroom, sender: PoisonSender): Promise<PoisonEvidence> {
  const left = await untilTaken(room);
  const [before, parked] = [await storedFacts(room), await parkedNow(room)];
  context.count('bad messages', sender.doses.length);
  await repair(room, sender.doses);
  await untilTaken(room);
  const repaired = sender.doses.filter(({ poison }) => poison.repair !== 'give up').map(({ place }) => place);
  return {
    good: sender.good,
    poison: sender.doses,
    stored: new Set(before.map(({ eventId }) => eventId)),
    parked,
    healed: [...sender.followers, ...repaired],
    storedAtLast: await storedFacts(room),
    waiting: (await parkedNow(room)).length,
    behind: left,
  };
}

export const p14: Trial = {
  id: 'P14',
  says: 'poison does not stop others',
  bus: true,
  slow: true,
  async run(context) {
    const plan = context.full ? PLAN.full : PLAN.smoke;
    const room = await openSickroom(context);
    const send = (messages: Parameters<Foreign['send']>[1]): Promise<void> => room.foreign.send(room.topic, messages);
    const sender = new PoisonSender({ source: room.settings.source, random: context.random, send });
    await sender.sendGood(plan.clean, false);
    await untilTaken(room);
    const clean = percentile(room.took(), 0.99);
    await sender.sendGood(plan.poisoned, true);
    const evidence = await poisoned(context, room, sender);
    const sick = percentile(room.took(), 0.99);
    return {
      figures: {
        good: evidence.good.length,
        bad: evidence.poison.length,
        parked: evidence.parked.length,
        'p99 without poison, ms': clean,
        'p99 with poison, ms': sick,
        'added p99, ms': Math.max(0, sick - clean),
      },
      violations: [...judgePoison(evidence), ...crashesOf(room.consumers)],
      control: await throwingConsumerControl(context),
    };
  },
};
