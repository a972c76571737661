import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { throwAwayDatabase } from '@tongchou/testing';
import { commutes } from '@tongchou/testing/commutes';
import fc from 'fast-check';
import { decodeFacts } from './decode-facts.ts';
import type { StoredFact } from './difference.ts';
import { decode, type House, openHouse, QUICK, totals } from './facts.fixture.ts';
import { foldFromScratch } from './fold.ts';
import { silentLog } from './log.ts';
import { readRows, servingTable } from './model-table.ts';
import { type Runner, startRunner } from './runner.ts';

let house: House;
let runner: Runner;
beforeAll(async () => {
  house = await openHouse(await throwAwayDatabase());
  runner = await startRunner({ store: house.store, models: [totals], decode, log: silentLog, timing: QUICK });
});
afterAll(async () => {
  await runner.stop();
  await house.close();
});

const uuidFor = (name: string): string => {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

/** Streams of one's own and of another service that speak of the same few projects. */
const streamsOf = (run: string): fc.Arbitrary<StoredFact[][]> => {
  const amounts = fc.array(fc.nat({ max: 1_000 }), { minLength: 1, maxLength: 8 });
  const stream = fc.tuple(fc.boolean(), fc.nat({ max: 2 }), amounts);
  return fc.array(stream, { minLength: 1, maxLength: 5 }).map((streams) =>
    streams.map(([own, project, values], n) =>
      values.map((amount, index) => ({
        position: '0',
        own,
        source: own ? 'projects' : 'costs',
        streamId: uuidFor(`${run} ${n}`),
        streamType: 'Project',
        version: index + 1,
        eventId: uuidFor(`${run} ${n} ${index}`),
        eventType: 'Happened',
        schemaVersion: 1,
        recordedAt: `2018-09-01T08:00:00.${String(index).padStart(6, '0')}Z`,
        data: { project: `${run} ${project}`, amount },
        metadata: { correlationId: 'r', causationId: 'c', commandId: 'c', actor: { subject: 'demo' } },
      })),
    ),
  );
};

/** One transaction; a fact that is there already is skipped, as a receiver does. */
async function store(facts: readonly StoredFact[]): Promise<void> {
  const client = await house.store.pool.connect();
  await client.query('begin');
  for (const fact of facts) {
    const own = [fact.recordedAt, fact.streamId, fact.version, fact.eventId, fact.data, fact.metadata];
    const columns =
      'recorded_at, stream_id, version, event_id, data, metadata, stream_type, event_type, schema_version';
    const values = `$1, $2, $3, $4, $5, $6, 'Project', 'Happened', 1`;
    await (fact.own
      ? client.query(`insert into es.events (${columns}) values (${values}) on conflict do nothing`, own)
      : client.query(
          `insert into es.received (${columns}, source) values (${values}, $7) on conflict do nothing`,
          own.concat(fact.source),
        ));
  }
  await client.query('commit');
  client.release();
  house.store.wake.announce('facts');
}

/** Streams interleaved in any way, some facts again later, cut into transactions. */
const deliveriesOf = (streams: StoredFact[][]): fc.Arbitrary<StoredFact[][]> => {
  const turns = streams.flatMap((facts, n) => facts.map(() => n));
  const whole = { minLength: turns.length, maxLength: turns.length };
  const cuts = fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.boolean()), { minLength: turns.length });
  return fc.tuple(fc.shuffledSubarray(turns, whole), cuts).map(([order, sizes]) => {
    const rest = streams.map((facts) => facts.values());
    const ordered = order.flatMap((n) => [...(rest[n]?.take(1) ?? [])]);
    return sizes.map(([size, again]) => {
      const part = ordered.splice(0, size);
      return again ? [...part, ...part] : part;
    });
  });
};

it('any interleaving, with any duplication, gives the rows of one fold from scratch, in the table itself', async () => {
  let runs = 0;
  const deliveries = fc.constant(null).chain(() => {
    const run = `run ${(runs += 1)}`;
    return streamsOf(run).chain((streams) => fc.tuple(fc.constant(streams), deliveriesOf(streams)));
  });
  await fc.assert(
    fc.asyncProperty(deliveries, async ([streams, transactions]) => {
      for (const transaction of transactions.filter((facts) => facts.length > 0)) await store(transaction);
      await runner.untilCaughtUp();
      const wanted = foldFromScratch(totals, decodeFacts(streams.flat(), decode));
      const found = await readRows(house.store.pool, servingTable(totals), [...wanted.values()]);
      expect(new Map(found)).toEqual(wanted);
    }),
    { numRuns: 40, endOnFailure: true },
  );
});

it('the model of this spec commutes', () => {
  commutes(
    totals,
    streamsOf('pure').map((streams) => streams.map((facts) => decodeFacts(facts, decode))),
  );
});
