import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { throwAwayDatabase, untilReady, type Ready } from '@tongchou/testing';
import { costsAt } from './costs-sheet.fixture.ts';
import { sampleCity } from './standing.fixture.ts';
import type { Standing } from './stand-up.ts';

interface Place {
  readonly own: Awaited<ReturnType<typeof throwAwayDatabase>>;
  readonly city: ReturnType<typeof sampleCity>;
  readonly standing: Standing;
}

async function stand(): Promise<Place> {
  const own = await throwAwayDatabase();
  const city = sampleCity(own, await throwAwayDatabase());
  return { own, city, standing: await city.stand() };
}

let [leaderless, deaf, mute]: Place[] = [];
beforeAll(async () => {
  [leaderless, deaf, mute] = await Promise.all([stand(), stand(), stand()]);
});
afterAll(async () => {
  await Promise.all(
    [leaderless, deaf, mute].map(async (place) => {
      await place?.standing.close();
      await place?.city.drop();
    }),
  );
});

const ready = ({ standing }: Place): Promise<Ready> => untilReady(standing.url, ({ http }) => http === 200);
const unready = ({ standing }: Place, ...wanted: readonly RegExp[]): Promise<Ready> =>
  untilReady(
    standing.url,
    ({ http, reasons }) => http === 503 && wanted.every((one) => reasons?.some((reason) => one.test(reason)) === true),
  );

const END_LEADERS = `select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and application_name like '% leader'`;
const FAIL = `create function es.fail() returns trigger language plpgsql as $$ begin raise exception 'broken'; end $$;
  create trigger fail before insert on es.received for each statement execute function es.fail()`;
const FROM_TOMORROW = `insert into es.events
  (recorded_at, stream_id, stream_type, version, event_id, event_type, schema_version, data, metadata)
  values (clock_timestamp(), gen_random_uuid(), 'Shelf', 1, gen_random_uuid(), 'FromTomorrow', 9, '{}', '{}')`;

describe('what only shows over time makes unready within 30 s', () => {
  it('nobody leads: and ready when somebody does again', async () => {
    if (!leaderless || !deaf || !mute) throw new Error('nothing stands');
    const costs = await costsAt(deaf.city.busUrl);
    await Promise.all([ready(leaderless), ready(deaf), ready(mute)]);
    await leaderless.own.run(`alter table es.leaders rename to hidden; ${END_LEADERS}`);
    await deaf.own.run(FAIL);
    await costs.tell(1);
    await mute.own.run(FROM_TOMORROW);
    await Promise.all([
      unready(leaderless, /^relay: no instance has led it/, /^runner: no instance/, /^policies: no instance/),
      unready(deaf, /^receiving: nothing of costs for \d+ s, 1 messages wait/),
      unready(mute, /^relay: it has published nothing for \d+ s, .*FromTomorrow/, /^read model shelves: /),
    ]);
    await leaderless.own.run('alter table es.hidden rename to leaders');
    await deaf.own.run('drop trigger fail on es.received');
    const healed = await Promise.all([ready(leaderless), ready(deaf)]);
    expect(healed.map(({ http }) => http)).toEqual([200, 200]);
    await costs.close();
  });
});
