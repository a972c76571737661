import { setTimeout as pause } from 'node:timers/promises';
import { costSheetIdOf, projectIdOf } from '@tongchou/contracts';
import type { TrialContext } from '../trial.ts';
import { seededRandom } from '../random.ts';
import { checkModels } from './check-models.ts';
import { checkStores } from './check-stores.ts';
import { runClient } from './client.ts';
import { sendBulk, sendMutation, type Sent } from './door.ts';
import { OfficeWork, SharedSheet } from './office-model.ts';
import { REGISTER, registration } from './registration.ts';
import { readModel, readStore, settledWithin } from './stores.ts';
import type { Acknowledged, Step } from './step.ts';
import { senderOf as whoSends, type TrialCity } from './trial-city.ts';

export interface LoadWish {
  readonly clients?: number;
  readonly worksPerClient?: number;
  /** Only through the gateway: whoever talks to a service alone hears of its restart. */
  readonly gatewayOnly?: boolean;
  /** Between two requests of a client. */
  readonly pauseMs?: number;
  readonly failed?: (reason: string) => void;
  readonly askedAgain?: (reason: string) => void;
}

/** Random commands from several clients beside a model of what must hold. */
export interface OfficeLoad {
  readonly acknowledged: readonly Acknowledged[];
  /** Answers that were not those foretold. */
  readonly wrong: readonly string[];
  /** Nothing new begins; resolves when all that was begun is answered, or given up after this time. */
  finish(withinMs: number): Promise<void>;
  /** Compares clients, stores, received facts and read models once all have caught up. */
  check(withinMs: number): Promise<readonly string[]>;
}

const MUTATION_SHARE = 0.1;

type Sender = (service: Step['service'], steps: readonly Step[]) => Promise<Sent>;

/** Several batches as one. */
function together(sent: readonly Sent[]): Sent {
  const answers = new Map(sent.flatMap((one) => [...one.answers]));
  const failure = sent.find((one) => one.failure !== undefined)?.failure;
  return failure === undefined ? { answers } : { answers, failure };
}

/** Through the gateway or to a service itself, in bulk or, now and then, one as a mutation. */
function senderOf(city: TrialCity, random: () => number, gatewayOnly: boolean): Sender {
  return async (service, steps) => {
    const [first] = steps;
    if (first && random() < MUTATION_SHARE) return sendMutation(city.graph(whoSends(first)), first);
    const urls = city.urls(service);
    const url = urls[Math.floor(random() * urls.length)] ?? '';
    const direct = !gatewayOnly && random() < 0.5;
    const sent = [...Map.groupBy(steps, whoSends)].map(([as, group]) =>
      sendBulk(direct ? city.direct(service, url, as).bulk : city.bulk(service, as), group),
    );
    return together(await Promise.all(sent));
  };
}

async function openShared(city: TrialCity): Promise<Acknowledged[]> {
  const step = registration(SharedSheet.reference, 'A work of all clients');
  const { answers, failure } = await sendBulk(city.bulk('projects'), [step]);
  const answer = answers.get(step);
  if (!answer) throw new Error(`The work of all clients could not be registered: ${failure ?? ''}`);
  return [{ ...step, answer, tries: 1, ms: 0 }];
}

/** Starts the clients at once. They end when the trial does. */
export async function startLoad(context: TrialContext, city: TrialCity, wish: LoadWish = {}): Promise<OfficeLoad> {
  const { clients = 8, worksPerClient = 6, gatewayOnly = false, pauseMs = 0 } = wish;
  const acknowledged = await openShared(city);
  const wrong: string[] = [];
  const enough = new AbortController();
  const giveUp = new AbortController();
  const works: OfficeWork[] = [];
  const running = Array.from({ length: clients }, (_, client) => {
    const random = seededRandom(context.seed, context.bus, 'client', client);
    const own = Array.from({ length: worksPerClient }, (__, nth) => new OfficeWork(`${client}-${nth}`, random));
    works.push(...own);
    const send = senderOf(city, random, gatewayOnly);
    return runClient({
      lanes: [...own, new SharedSheet(client)],
      send: async (service, steps) => {
        if (pauseMs > 0) await pause(pauseMs);
        return send(service, steps);
      },
      answered: (one) => {
        acknowledged.push(one);
        context.note({ key: one.key, service: one.service, command: one.command, ...one.answer, tries: one.tries });
      },
      wrong: (reason) => void wrong.push(reason),
      ...(wish.failed && { failed: wish.failed }),
      ...(wish.askedAgain && { askedAgain: wish.askedAgain }),
      enough: enough.signal,
      giveUp: giveUp.signal,
    });
  });
  const all = Promise.all(running);
  all.catch(() => undefined);
  context.atEnd(async () => {
    enough.abort();
    giveUp.abort();
    await all;
  });
  return {
    acknowledged,
    wrong,
    async finish(withinMs) {
      enough.abort();
      const timer = setTimeout(() => giveUp.abort(), withinMs);
      await all;
      clearTimeout(timer);
    },
    check: (withinMs) => settledWithin(withinMs, () => compare(city, acknowledged, works)),
  };
}

async function compare(
  city: TrialCity,
  acknowledged: readonly Acknowledged[],
  works: readonly OfficeWork[],
): Promise<readonly string[]> {
  const [projects, costs] = [city.database('projects'), city.database('costs')];
  const stores = { projects: await readStore(projects), costs: await readStore(costs) };
  const rows = { works: await readModel(projects, 'works'), costSheets: await readModel(costs, 'cost_sheet') };
  const shared = costSheetIdOf(projectIdOf(REGISTER, SharedSheet.reference));
  const sheet = rows.costSheets.get(projectIdOf(REGISTER, SharedSheet.reference));
  const stands = stores.costs.streams.get(shared);
  return [
    ...checkStores({ acknowledged }, stores),
    ...checkModels(
      works.map(({ model }) => model),
      rows,
    ),
    ...(sheet?.['version'] === stands
      ? []
      : [`the shared sheet's row is of version ${String(sheet?.['version'])}, not ${stands ?? 0}`]),
  ];
}
