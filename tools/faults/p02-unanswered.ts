import { projectIdOf } from '@tongchou/contracts';
import { checkOnce, type Intention } from './check-once.ts';
import { type Address, readVerdict, sendBulk } from './city/door.ts';
import { REGISTER, registration } from './city/registration.ts';
import type { Answer, Step } from './city/step.ts';
import { withDatabase } from './city/stores.ts';
import { openTrialCity } from './city/trial-city.ts';
import { startProxy, through } from './proxy.ts';
import type { Trial, TrialContext } from './trial.ts';

const VOLUMES = { full: { cuts: 1_000, naive: 50 }, smoke: { cuts: 60, naive: 10 } };
const CLIENTS = 8;
const REPETITIONS = 3;
/** After this many tries a command that is always answered `retry` counts as unanswered. */
const MOST_TRIES = 40;

/** Cut before the client: the service's answer is dropped. Cut behind the service: PostgreSQL's is. */
type Place = 'answer' | 'store';

interface Stand {
  readonly context: TrialContext;
  /** Where clients talk to: the proxy before the service. */
  readonly door: Address;
  /** Names of commands whose connection is to be cut once, and what was dropped of those that were. */
  readonly wanted: Set<string>;
  readonly dropped: Map<string, string>;
}

const correct = (reference: string, name: string, id: string, key = id): Step => ({
  service: 'projects',
  command: 'CorrectProject',
  key,
  input: { projectId: projectIdOf(REGISTER, reference), details: { name }, reason: id },
  streamId: projectIdOf(REGISTER, reference),
  expected: { kind: 'facts' },
});

async function once(door: Address, step: Step): Promise<Answer | undefined> {
  const { answers } = await sendBulk(door, [step]);
  const answer = answers.get(step);
  return answer === undefined || answer.status === 'retry' || answer.status === 'failed' ? undefined : answer;
}

async function untilAnswered(door: Address, step: Step): Promise<Answer[]> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const answer = await once(door, step);
    if (answer) return [answer];
  }
  return [];
}

function droppedAnswer(text: string | undefined): Answer | undefined {
  const said = /\{"line":1,.*\}/.exec(text ?? '')?.[0];
  const answer = said === undefined ? undefined : readVerdict(said);
  // `retry` says nothing of what became of it.
  return answer?.status === 'retry' || answer?.status === 'failed' ? undefined : answer;
}

/**
 * One thing wanted once: its command is cut, somebody else renames the work meanwhile, then it is asked again three times.
 * Without its key, or without memory of keys, the name would come back.
 */
async function cutOne(stand: Stand, reference: string, place: Place, keyOf: (id: string, nth: number) => string) {
  const { context, door, wanted, dropped } = stand;
  const id = `${place}-cut-${reference}-${Math.floor(context.random() * 1e12)}`;
  wanted.add(id);
  const name = `Wanted by ${id}`;
  const first = await once(door, correct(reference, name, id));
  await untilAnswered(door, correct(reference, `Between, after ${id}`, `between-${id}`));
  const told: Answer[] = [];
  for (let nth = 1; nth <= REPETITIONS; nth += 1) {
    told.push(...(await untilAnswered(door, correct(reference, name, id, keyOf(id, nth)))));
  }
  const cut = dropped.get(id);
  if (cut !== undefined) context.count(place === 'answer' ? 'answers dropped' : 'answers of PostgreSQL dropped');
  const said = place === 'answer' ? droppedAnswer(cut) : undefined;
  const intention: Intention = { id, told, ...(said && { dropped: said }) };
  context.note({ ...intention, cut: cut !== undefined, heard: first?.status ?? 'nothing' });
  return { intention, wasCut: cut !== undefined };
}

async function cutMany(
  stand: Stand,
  count: number,
  naive: boolean,
): Promise<{ cuts: number; intentions: Intention[] }> {
  const intentions: Intention[] = [];
  let cuts = 0;
  const work = async (client: number): Promise<void> => {
    const reference = `${naive ? 'naive' : 'cut'}-${client}`;
    await untilAnswered(stand.door, registration(reference, 'As registered'));
    while (cuts < count) {
      const place = naive || stand.context.random() < 0.5 ? 'answer' : 'store';
      const one = await cutOne(stand, reference, place, (id, nth) => (naive ? `${id}-again-${nth}` : id));
      if (!one.wasCut) continue;
      cuts += 1;
      intentions.push(one.intention);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, client) => work(client)));
  return { cuts, intentions };
}

/** How often each thing was done: the fact says in its reason which it was. */
const factsIn = (url: string): Promise<ReadonlyMap<string, number>> =>
  withDatabase(url, async (client) => {
    const { rows } = await client.query<{ id: string; count: number }>(
      `select data->>'reason' as id, count(*)::int as count from es.events where event_type = 'ProjectCorrected' group by 1`,
    );
    return new Map(rows.map(({ id, count }) => [id, count]));
  });

async function openStand(context: TrialContext): Promise<{ stand: Stand; store: string }> {
  const server = await context.server();
  const [projects, costs, bus] = [
    await server.database('projects'),
    await server.database('costs'),
    await server.database('bus'),
  ];
  const wanted = new Set<string>();
  const dropped = new Map<string, string>();
  const cut = (name: string, text: string): void => void dropped.set(name, text);
  const take = (name: string): boolean => wanted.delete(name);
  const behind = await startProxy({
    targetPort: Number(new URL(projects).port),
    cutting: { request: /store-cut-[\w-]+/, wanted: take, cut },
  });
  context.atEnd(() => behind.close());
  const environment = {
    PROJECTS_DATABASE_URL: through(projects, behind),
    COSTS_DATABASE_URL: costs,
    BUS_DATABASE_URL: bus,
  };
  const city = await openTrialCity(context, { environment });
  const before = await startProxy({
    targetPort: Number(new URL(city.urls('projects')[0] ?? '').port),
    cutting: { request: /(?<="idempotencyKey":")answer-cut-[\w-]+/, wanted: take, answer: /"status":"\w+".*\}\n/, cut },
  });
  context.atEnd(() => before.close());
  const door = city.direct('projects', `http://127.0.0.1:${before.port}`).bulk;
  return { stand: { context, door, wanted, dropped }, store: projects };
}

async function run(context: TrialContext) {
  const { cuts: wanted, naive } = VOLUMES[context.full ? 'full' : 'smoke'];
  const { stand, store } = await openStand(context);
  const { cuts, intentions } = await cutMany(stand, wanted, false);
  const control = await cutMany(stand, naive, true);
  const facts = await factsIn(store);
  const violations = checkOnce(intentions, facts);
  const doubles = intentions.filter(({ id }) => (facts.get(id) ?? 0) > 1).length;
  const before = intentions.filter(({ told }) => told[0]?.status === 'repeated').length;
  return {
    figures: { cuts, 'done before the cut': before, doubles, 'wrong answers': violations.length - doubles },
    violations,
    control: { what: 'a client that repeats with another key', violations: checkOnce(control.intentions, facts) },
  };
}

export const p2: Trial = {
  id: 'P2',
  says: 'an unanswered command is done once or not at all, and its repetition tells which',
  bus: false,
  slow: true,
  run,
};
