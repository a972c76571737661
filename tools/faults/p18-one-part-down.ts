import { setTimeout as pause } from 'node:timers/promises';
import { projectIdOf } from '@tongchou/contracts';
import { checkPartial, p99, type Sample } from './check-partial.ts';
import { sendBulk } from './city/door.ts';
import { REGISTER, registration } from './city/registration.ts';
import { type Asked, askGraph, keepAsking } from './city/questions.ts';
import { openTrialCity, strike, type TrialCity } from './city/trial-city.ts';
import { askNaively } from './naive/gateway.ts';
import type { Trial, TrialContext } from './trial.ts';

const VOLUMES = { full: { killMs: 15_000, freezeMs: 20_000 }, smoke: { killMs: 3_000, freezeMs: 5_000 } };
const READY_MS = 60_000;
const KILL_EVERY_MS = 500;
const REFERENCE = 'one-part-down';
const ID = projectIdOf(REGISTER, REFERENCE);
const ASKERS = 3;

type Service = 'projects' | 'costs';

/** A question, which service it needs beside the gateway, and what it must answer while the other one is down. */
interface Question {
  readonly needs: Service | 'both';
  readonly present: readonly string[];
  ask(city: TrialCity, nth: number): Promise<Asked>;
}

const query = (text: string) => (city: TrialCity) => askGraph(city.graph(), text, { id: ID });
const mutate =
  (text: string, input: object) =>
  (city: TrialCity, nth: number): Promise<Asked> =>
    askGraph(city.graph(), text, {
      input: { idempotencyKey: `p18-${text.length}-${nth}`, projectId: ID, ...input },
    });

const QUESTIONS: readonly Question[] = [
  {
    needs: 'projects',
    present: ['works.totalCount'],
    ask: query('{ works(first: 5) { totalCount nodes { department } } }'),
  },
  { needs: 'projects', present: ['project.name'], ask: query('query ($id: ID!) { project(id: $id) { name } }') },
  {
    needs: 'both',
    present: ['project.name'],
    ask: query('query ($id: ID!) { project(id: $id) { name costSheet { ceiling version } } }'),
  },
  {
    needs: 'projects',
    present: ['confirmStatus.consistencyToken'],
    ask: mutate('mutation ($input: ConfirmStatusInput!) { confirmStatus(input: $input) { consistencyToken } }', {
      period: '2014-02-01',
    }),
  },
  {
    needs: 'costs',
    present: ['reportBudget.consistencyToken'],
    ask: mutate('mutation ($input: ReportBudgetInput!) { reportBudget(input: $input) { consistencyToken } }', {
      period: '2014-02-01',
      amount: '100.00',
    }),
  },
];

/** What a question must answer while `down` is away. */
function wantedOf({ needs, present }: Question, down: Service): Pick<Sample, 'present' | 'needsIt'> {
  const survives = needs !== down && (needs !== 'both' || down === 'costs');
  return { present: survives ? present : [], needsIt: needs === down || needs === 'both' };
}

let serial = 0;

async function askAll(city: TrialCity, down: Service, during: string, enough: AbortSignal): Promise<Sample[]> {
  const samples: Sample[] = [];
  const asking = QUESTIONS.flatMap((question) =>
    Array.from({ length: ASKERS }, () =>
      keepAsking(
        () => question.ask(city, (serial += 1)),
        (asked) => void samples.push({ ...asked, during, ...wantedOf(question, down) }),
        enough,
      ),
    ),
  );
  await Promise.all(asking);
  return samples;
}

async function killAgainAndAgain(context: TrialContext, city: TrialCity, down: Service, forMs: number): Promise<void> {
  for (const end = Date.now() + forMs; Date.now() < end; await pause(KILL_EVERY_MS)) {
    await strike(context, city, down, 'SIGKILL');
  }
}

async function freezeFor(context: TrialContext, city: TrialCity, down: Service, forMs: number): Promise<void> {
  const mark = await strike(context, city, down, 'SIGSTOP');
  if (!mark) throw new Error(`${down} does not run`);
  context.atEnd(async () => process.kill(mark.pid, 'SIGCONT'));
  await pause(forMs);
  process.kill(mark.pid, 'SIGCONT');
}

interface Phase {
  readonly samples: readonly Sample[];
  readonly naive: readonly Sample[];
}

/** The gateway keeps calls away from what failed until a trial of its own has gone well. */
async function untilAnswered(city: TrialCity): Promise<void> {
  for (const end = Date.now() + READY_MS; Date.now() < end; await pause(100)) {
    const asked = await Promise.all(QUESTIONS.map((question) => question.ask(city, (serial += 1))));
    if (asked.every(({ errors }) => errors.length === 0)) return;
  }
  throw new Error('The gateway does not take back what has recovered');
}

/** One fault with all questions under way, and the naive gateway beside. */
async function phase(city: TrialCity, down: Service, during: string, fault: () => Promise<void>): Promise<Phase> {
  const enough = new AbortController();
  const asking = askAll(city, down, during, enough.signal);
  const naive: Sample[] = [];
  const [projects = '', costs = ''] = [city.urls('projects')[0], city.urls('costs')[0]];
  const askingNaively = keepAsking(
    () => askNaively(city.direct('projects', projects).graph, city.direct('costs', costs).graph, ID),
    (asked) => void naive.push({ ...asked, during, present: down === 'costs' ? ['project.name'] : [], needsIt: true }),
    enough.signal,
  );
  await fault();
  enough.abort();
  const samples = await asking;
  await askingNaively;
  await city.untilReady(READY_MS);
  await untilAnswered(city);
  return { samples, naive };
}

async function prepare(city: TrialCity): Promise<void> {
  await sendBulk(city.bulk('projects'), [registration(REFERENCE, 'A bridge')]);
  const sheet = 'query ($id: ID!) { project(id: $id) { costSheet { version } } }';
  for (const end = Date.now() + READY_MS; Date.now() < end; await pause(100)) {
    const { text } = await askGraph(city.graph(), sheet, { id: ID });
    if (/"version":\d/.test(text)) return;
  }
  throw new Error('Costs never heard of the work');
}

async function run(context: TrialContext) {
  const { killMs, freezeMs } = VOLUMES[context.full ? 'full' : 'smoke'];
  const city = await openTrialCity(context);
  await prepare(city);
  const phases: Phase[] = [];
  for (const down of ['costs', 'projects'] as const) {
    phases.push(await phase(city, down, `${down} killed`, () => killAgainAndAgain(context, city, down, killMs)));
    phases.push(await phase(city, down, `${down} frozen`, () => freezeFor(context, city, down, freezeMs)));
  }
  const samples = phases.flatMap((one) => one.samples);
  for (const { during, ms, errors } of samples) context.note({ during, ms, errors });
  const partial = samples.filter(({ errors, data }) => errors.length > 0 && data !== undefined).length;
  return {
    figures: { answers: samples.length, partial, 'p99 ms': p99(samples.map(({ ms }) => ms)) },
    violations: checkPartial(samples),
    control: {
      what: 'a gateway without deadlines that passes errors on',
      violations: checkPartial(phases.flatMap(({ naive }) => naive)),
    },
  };
}

export const p18: Trial = {
  id: 'P18',
  says: 'one part down, the rest serves, and no answer shows the inside',
  bus: false,
  slow: true,
  run,
};
