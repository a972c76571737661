import { createAppender, openStore } from '@tongchou/event-store';
import type pg from 'pg';
import { openWitness } from '../flow-evidence.ts';
import { tally, uuidFor } from '../flow-facts.ts';
import { append } from '../flow-writers.ts';
import { judgeRebuilt } from '../rebuild-checker.ts';
import { freshRows, tableRows } from '../rebuild-evidence.ts';
import type { TrialContext, TrialOutcome } from '../trial.ts';
import { plainEvents } from './ground.ts';

const TABLE = /* sql */ `
create schema naive;
create table naive.tally (
  stream text primary key, facts integer not null, amount bigint not null, last integer not null, inverted integer not null
)`;

/** Folds what lies behind a position into the table, as SQL would have it; answers the last position. */
async function foldOn(witness: pg.Pool, after: string, most: number): Promise<string> {
  const { rows } = await witness.query<{ position: string }>(
    `with next as (select * from es.events where position > $1 order by position limit $2),
     folded as (
       insert into naive.tally as t
       select stream_id, count(*), sum((data ->> 'amount')::int), max(version), 0 from next group by stream_id
       on conflict (stream) do update set facts = t.facts + excluded.facts, amount = t.amount + excluded.amount,
         last = greatest(t.last, excluded.last)
     )
     select coalesce(max(position), $1) as position from next`,
    [after, most],
  );
  return rows[0]?.position ?? after;
}

const ALL = 1_000;

/** Empties the table and folds everything again, while the live fold goes on from where it was. */
export async function truncatingRebuildControl(context: TrialContext): Promise<TrialOutcome['control']> {
  const server = await context.server();
  const url = await server.database('naive_rebuilt');
  const store = await openStore({ url, service: 'projects', poolSize: 3 });
  context.atEnd(() => store.close());
  const witness = openWitness(url);
  context.atEnd(() => witness.end());
  await witness.query(TABLE);
  const appender = createAppender(store);
  const happen = (after: number, many: number): Promise<boolean> =>
    append(appender, uuidFor('hot'), after, plainEvents(many));

  await happen(0, 3);
  const live = await foldOn(witness, '0', ALL);
  await witness.query('truncate naive.tally');
  const firstPage = await foldOn(witness, '0', 2);
  await happen(3, 2);
  await foldOn(witness, live, ALL);
  await foldOn(witness, firstPage, ALL);

  const rebuilt = await tableRows(witness, 'naive.tally');
  const what = 'a rebuild that empties the table and replays while the live fold goes on';
  return { what, violations: judgeRebuilt('tally', rebuilt, await freshRows(store, tally), 'a fresh fold') };
}
