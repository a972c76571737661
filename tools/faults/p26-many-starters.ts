import { setTimeout as pause } from 'node:timers/promises';
import { openStore } from '@tongchou/event-store';
import pg from 'pg';
import { judgeStarts, type StartedRound } from './check-starts.ts';
import { type FlowWorker, startWorker } from './flow-worker.ts';
import { NoteStart1790000000000, type StartOrder, type StartReport } from './pending-migration.ts';
import type { Trial, TrialContext } from './trial.ts';

const PLAN = { smoke: 2, full: 20 };
const STARTERS = 5;
const WITHIN_MS = 60_000;

interface Starters {
  readonly workers: readonly FlowWorker[];
  readonly reports: StartReport[];
}

function launch(context: TrialContext): Starters {
  const reports: StartReport[] = [];
  const onMessage = (message: object): void => {
    if ('round' in message) reports.push(message as StartReport);
  };
  const workers = Array.from({ length: STARTERS }, (_, index) =>
    startWorker(context, { name: `starter ${index + 1}`, file: './workers/starter.ts', settings: {}, onMessage }),
  );
  return { workers, reports };
}

async function countsOf(url: string): Promise<Pick<StartedRound, 'carriedOut' | 'writtenDown'>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const count = async (from: string): Promise<number> => {
    const { rows } = await client.query<{ n: number }>(`select count(*)::int as n from ${from}`);
    return rows[0]?.n ?? 0;
  };
  try {
    const { name } = new NoteStart1790000000000();
    const started = (await count(`pg_class where relname = 'starts' and relkind = 'r'`)) > 0;
    return {
      carriedOut: started ? await count('public.starts') : 0,
      writtenDown: await count(`migrations where name = '${name}'`),
    };
  } finally {
    await client.end();
  }
}

/** Half of the databases hold what an older release left, the others are empty. */
async function playRound(context: TrialContext, starters: Starters, order: StartOrder): Promise<StartedRound> {
  const { round, url, naive } = order;
  if (naive || round % 2 === 1) await (await openStore({ url, service: 'projects' })).close();
  for (const worker of starters.workers) worker.send(order);
  const told = (): StartReport[] => starters.reports.filter((report) => report.round === round);
  for (const end = Date.now() + WITHIN_MS; told().length < STARTERS && Date.now() < end; await pause(10));
  context.count(naive ? 'starts at once without the lock' : 'starts at once', STARTERS);
  const faults = told().flatMap(({ fault }) => fault ?? []);
  const started = { round, starters: STARTERS, faults, answers: told().length, ...(await countsOf(url)) };
  context.note({ naive, ...started });
  return started;
}

export const p26: Trial = {
  id: 'P26',
  says: 'many instances may start at once',
  bus: false,
  slow: true,
  async run(context) {
    const server = await context.server();
    const starters = launch(context);
    await Promise.all(starters.workers.map((worker) => worker.untilReady()));
    const rounds: StartedRound[] = [];
    for (let round = 1; round <= (context.full ? PLAN.full : PLAN.smoke); round += 1) {
      const url = await server.database(`starts_${round}`);
      rounds.push(await playRound(context, starters, { round, url, naive: false }));
    }
    const naive = { round: 1_000, url: await server.database('starts_naive'), naive: true };
    return {
      figures: {
        rounds: rounds.length,
        instances: rounds.length * STARTERS,
        'came up': rounds.reduce((sum, { answers, faults }) => sum + answers - faults.length, 0),
        migrated: rounds.reduce((sum, { carriedOut }) => sum + carriedOut, 0),
      },
      violations: judgeStarts(rounds),
      control: {
        what: 'five migrate without the lock',
        violations: judgeStarts([await playRound(context, starters, naive)]),
      },
    };
  },
};
