import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Principal } from '@tongchou/access';
import { readyOf, throwAwayDatabase, type ThrowAwayDatabase } from '@tongchou/testing';
import { shelfId } from './shelf.fixture.ts';
import { askAs, postLines, putBook, sampleCity, verdicts } from './standing.fixture.ts';
import type { Standing } from './stand-up.ts';

let own: ThrowAwayDatabase;
let city: ReturnType<typeof sampleCity>;
let standing: Standing;
let token: string;
beforeAll(async () => {
  own = await throwAwayDatabase();
  city = sampleCity(own, await throwAwayDatabase());
  standing = await city.stand();
  const keeper: Principal = { subject: 'keeper', roles: ['integrator'] };
  const lines = [putBook('one', '1'), putBook('two', '1')].join('\n');
  const answered = verdicts(await (await postLines(standing.url, lines, {}, keeper)).text());
  token = answered.map(({ consistencyToken }) => consistencyToken).join(',');
});
afterAll(async () => {
  await standing.close();
  await city.drop();
});

const [one, two] = [shelfId('one'), shelfId('two')];

async function read(principal: Principal, requestId = 'request-of-a-reader') {
  const query = `{ one: shelf(id: "${one}") { keptBy } again: shelf(id: "${one}") { keptBy } two: shelf(id: "${two}") { keptBy } }`;
  return askAs(principal)(standing.url, query, {}, { 'x-consistency-at-least': token, 'x-request-id': requestId });
}

const facts = async (): Promise<{ event_type: string; data: object; metadata: object }[]> =>
  (
    await city.database.query(
      `select event_type, data, metadata from es.events where stream_type = 'Disclosure' order by position`,
    )
  ).rows;

describe('a masked field', () => {
  it('is null for whoever may not see it, and seen by oneself, and nothing is recorded of that', async () => {
    const nobody = { one: { keptBy: null }, again: { keptBy: null }, two: { keptBy: null } };
    expect((await read({ subject: 'd', roles: ['director'] })).data).toEqual(nobody);
    const { data } = await read({ subject: 'keeper', roles: ['auditor'] });
    expect(data).toMatchObject({ one: { keptBy: 'keeper' }, two: { keptBy: 'keeper' } });
    expect(await facts()).toEqual([]);
  });

  it('is seen by whom the policy names, and one fact a request says so', async () => {
    const auditor: Principal = { subject: 'auditor', roles: ['director', 'auditor'] };
    expect((await read(auditor, 'request-0001')).data).toMatchObject({ one: { keptBy: 'keeper' } });
    const disclosed = { field: 'keptBy', objectIds: [one, two].toSorted(), requestId: 'request-0001', role: 'auditor' };
    const recorded = {
      event_type: 'FieldsDisclosed',
      data: disclosed,
      metadata: { actor: { subject: 'auditor', role: 'auditor' }, correlationId: 'request-0001' },
    };
    expect(await facts()).toMatchObject([recorded]);
    // Asked again it is shown again.
    await read(auditor, 'request-0001');
    expect(await facts()).toMatchObject([recorded, recorded]);
    expect((await readyOf(standing.url)).http).toBe(200);
  });

  it('goes out with nothing when it cannot be recorded', async () => {
    await own.run(`
      create function refuse() returns trigger language plpgsql as $$ begin raise exception 'disk full'; end $$;
      create trigger refuse before insert on es.events for each row when (new.stream_type = 'Disclosure') execute function refuse()`);
    const { data, errors } = await read({ subject: 'inspector', roles: ['inspector'] });
    expect([data, errors]).toMatchObject([
      null,
      [
        {
          extensions: {
            code: 'SUBGRAPH_UNAVAILABLE',
            service: 'shelf',
            requestId: 'request-of-a-reader',
            retryable: true,
          },
        },
      ],
    ]);
    expect((await read({ subject: 'd', roles: ['director'] })).errors).toBeUndefined();
    await own.run('drop trigger refuse on es.events');
  });
});
