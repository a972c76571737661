import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, throwAwayDatabase } from '@tongchou/testing';
import fc from 'fast-check';
import pg from 'pg';
import { listParked, showParked } from './parked.ts';
import { discardParked, releaseParked } from './release-parked.ts';
import { batchOf, factMessageOf, named, openListener, SOURCE, uuidFor, watermarkOf } from './receiving.fixture.ts';

let listener: Awaited<ReturnType<typeof openListener>>;
let round = 0;
/** Streams and generations of one test's own: the tables are kept for ever. */
let stream: (name: string) => string;
let generation: string;
beforeAll(async () => {
  listener = await openListener(await throwAwayDatabase());
});
afterAll(() => listener.close());
beforeEach(() => {
  round += 1;
  const mine = round;
  stream = (name) => `${name} of round ${mine}`;
  generation = uuidFor(`generation ${mine}`);
});

const fact = (name: string, version: number, shape: Parameters<typeof factMessageOf>[2] = {}) =>
  factMessageOf(stream(name), version, { generation, ...shape });

const storedOf = async (...names: string[]): Promise<string[]> => {
  const ids = names.map((name) => uuidFor(stream(name)));
  return (await listener.received()).filter((place) => ids.some((id) => place.startsWith(id)));
};
const places = (name: string, ...versions: number[]): string[] => named(stream(name), ...versions);

const reasonsOf = async (name: string): Promise<unknown[]> =>
  (await listParked(listener.store, { streamId: uuidFor(stream(name)) })).map(({ version, reason }) => [
    version,
    reason,
  ]);

describe('a batch', () => {
  it('is stored in order, once, with envelope and data as they came, and moves the offset', async () => {
    const messages = [fact('a', 1), fact('b', 1), fact('a', 2), fact('a', 3, { data: undefined, type: 'Kept' })];
    const batch = batchOf(messages);
    await listener.receiver.receive(batch);
    await listener.another().receive(batchOf(messages));
    expect(batch.asked).toEqual({});
    expect(await storedOf('a', 'b')).toEqual([...places('a', 1), ...places('b', 1), ...places('a', 2, 3)]);
    expect((await listener.offsets())[`${generation} 0`]).toBe(4);
    const { rows } = await listener.store.pool.query(
      `select source, stream_type, event_id, event_type, schema_version, data, metadata, (recorded_at at time zone 'UTC')::text as recorded_at
         from es.received where stream_id = $1 order by version`,
      [uuidFor(stream('a'))],
    );
    expect(rows[0]).toEqual({
      source: SOURCE,
      stream_type: 'Mill',
      event_id: uuidFor(`${stream('a')} 1`),
      event_type: 'Ground',
      schema_version: 1,
      data: { sacks: 1 },
      metadata: { correlationId: 'c', causationId: 'd', commandId: 'd', actor: { subject: 'miller' } },
      recorded_at: '2026-01-01 00:00:00.000001',
    });
    expect(rows[2]).toMatchObject({ event_type: 'Kept', data: null });
  });

  it('drops what lies below the offset, and takes the rest', async () => {
    await listener.receiver.receive(batchOf([fact('a', 1), fact('a', 2)]));
    await listener.receiver.receive(batchOf([fact('a', 2), fact('a', 3)], { from: 1 }));
    expect(await storedOf('a')).toEqual(places('a', 1, 2, 3));
  });

  it('absorbs messages that come up to three times, some hundreds a batch', async () => {
    const messages = Array.from({ length: 100 }, (_, index) => fact(`m${index % 7}`, 1 + Math.floor(index / 7)));
    const repeated = messages.flatMap((message, index) => Array.from({ length: 1 + (index % 3) }, () => message));
    await listener.receiver.receive(batchOf(repeated));
    const stored = await storedOf(...Array.from({ length: 7 }, (_, index) => `m${index}`));
    expect(stored).toHaveLength(100);
    expect(new Set(stored).size).toBe(100);
  });

  it('is read from before when messages in front of it are missing here', async () => {
    await listener.receiver.receive(batchOf([fact('a', 1)]));
    const ahead = batchOf([fact('a', 3)], { from: 2, since: 2 });
    await listener.receiver.receive(ahead);
    expect(ahead.asked).toEqual({ seek: 1 });
    expect(await storedOf('a')).toEqual(places('a', 1));
  });

  it('of a new generation is read from the earliest, and versions absorb what is repeated', async () => {
    await listener.receiver.receive(batchOf([fact('a', 1), fact('a', 2)]));
    const anew = { generation: uuidFor(`a new life of ${generation}`) };
    const middle = batchOf([fact('a', 3, anew)], { from: 1, since: 1 });
    await listener.receiver.receive(middle);
    expect(middle.asked).toEqual({ seek: 0 });
    // Left over from the old life, then the new one from the beginning of the store.
    const whole = [fact('a', 1), fact('a', 1, anew), fact('a', 2, anew), fact('a', 3, anew)];
    await listener.receiver.receive(batchOf(whole));
    expect(await storedOf('a')).toEqual(places('a', 1, 2, 3));
    expect(await listener.offsets()).toMatchObject({ [`${generation} 0`]: 2, [`${anew.generation} 0`]: 4 });
    expect(await listener.receiver.startAt('mill.events.v1', 0)).toBeGreaterThanOrEqual(4);
  });

  it('of a topic that was made again, and has grown past our place unseen, is read from the earliest', async () => {
    await listener.receiver.receive(batchOf([fact('a', 1), fact('a', 2)]));
    const anew = { generation: uuidFor(`a new life of ${generation}`) };
    const behind = batchOf([fact('a', 3, anew)], { from: 2, since: 0 });
    await listener.receiver.receive(behind);
    expect(behind.asked).toEqual({ seek: 0 });
    await listener.receiver.receive(batchOf([fact('b', 1, anew), fact('a', 1, anew), fact('a', 3, anew)]));
    expect(await storedOf('a', 'b')).toEqual([...places('a', 1, 2), ...places('b', 1), ...places('a', 3)]);
  });

  it('that begins a generation behind an older one is read again once, then taken', async () => {
    const old = batchOf([fact('a', 1), fact('a', 2)]);
    await listener.receiver.receive(old);
    const anew = { generation: uuidFor(`a new life of ${generation}`) };
    const next = (): ReturnType<typeof batchOf> => batchOf([fact('a', 1, anew), fact('a', 3, anew)], { from: 2 });
    const first = next();
    await listener.receiver.receive(first);
    expect(first.asked).toEqual({ seek: 0 });
    await listener.receiver.receive(old);
    const again = next();
    await listener.receiver.receive(again);
    expect(again.asked).toEqual({});
    expect(await storedOf('a')).toEqual(places('a', 1, 2, 3));
  });

  it('of a process that slept through its end has no effect', async () => {
    const locker = new pg.Client({ connectionString: listener.url });
    await locker.connect();
    await listener.receiver.receive(batchOf([fact('a', 1)]));
    await locker.query('begin');
    await locker.query('select from es.offsets where generation = $1 for update', [generation]);
    const late = batchOf([fact('a', 2), fact('a', 3)], { from: 1 });
    const sleeping = listener.receiver.receive(late);
    await eventually('it waits for the offset', async () => {
      // On another connection: inside a transaction, pg_stat_activity does not move.
      const { rows } = await listener.store.pool.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
            and query like '%from es.offsets%for update'`,
      );
      return rows.length > 0;
    });
    await locker.query('update es.offsets set next_offset = 3 where generation = $1', [generation]);
    await locker.query('commit');
    await locker.end();
    await sleeping;
    expect(await storedOf('a')).toEqual(places('a', 1));
    expect((await listener.offsets())[`${generation} 0`]).toBe(3);
  });

  it('of a member that lost its partition is left alone', async () => {
    const stale = batchOf([fact('a', 1)], { isStale: () => true });
    await listener.receiver.receive(stale);
    expect(stale.asked.retryMs).toBeGreaterThan(0);
    expect(await storedOf('a')).toEqual([]);
  });

  it('is tried again in place when connections die, and nothing is lost or doubled', async () => {
    const killer = new pg.Client({ connectionString: listener.url });
    await killer.connect();
    let receiving = true;
    const kills = (async () => {
      let killed = 0;
      while (receiving && killed < 12) {
        const { rowCount } = await killer.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid() and state = 'idle in transaction' limit 1`,
        );
        killed += rowCount ?? 0;
      }
      return killed;
    })();
    for (let at = 0; at < 60; at += 1) {
      for (let done = false; !done;) {
        const batch = batchOf([fact('a', at + 1), fact('b', at + 1)], { from: at * 2 });
        await listener.receiver.receive(batch);
        done = batch.asked.retryMs === undefined;
      }
    }
    receiving = false;
    expect(await kills).toBeGreaterThan(0);
    await killer.end();
    const all = Array.from({ length: 60 }, (_, index) => index + 1);
    expect(await storedOf('a')).toEqual(places('a', ...all));
    expect(await storedOf('b')).toEqual(places('b', ...all));
  });

  it('pauses its partition when the database stays away', async () => {
    const closed = await openListener(await throwAwayDatabase());
    await closed.store.pool.query('select 1');
    await closed.close();
    const batch = batchOf([fact('a', 1)]);
    await closed.receiver.receive(batch);
    expect(batch.asked.retryMs).toBeGreaterThan(0);
    expect(closed.receiver.status().trouble).toBeDefined();
  });
});

describe('what cannot be stored', () => {
  it('waits when a fact is missing, and follows in order by itself', async () => {
    await listener.receiver.receive(batchOf([fact('a', 1), fact('a', 3), fact('b', 1), fact('a', 4)]));
    expect(await storedOf('a', 'b')).toEqual([...places('a', 1), ...places('b', 1)]);
    expect(await reasonsOf('a')).toEqual([
      [3, 'gap'],
      [4, 'behind'],
    ]);
    await listener.receiver.receive(batchOf([fact('a', 5), fact('a', 2), fact('a', 6)], { from: 4 }));
    expect(await storedOf('a')).toEqual(places('a', 1, 2, 3, 4, 5, 6));
    expect(await reasonsOf('a')).toEqual([]);
  });

  it('holds a stream that forked, until somebody gives the fork up', async () => {
    await listener.receiver.receive(batchOf([fact('a', 1), fact('a', 2)]));
    const other = { eventId: uuidFor(`${stream('a')} another history`) };
    await listener.receiver.receive(batchOf([fact('a', 2, other), fact('a', 3)], { from: 2 }));
    expect(await reasonsOf('a')).toEqual([
      [2, 'forked'],
      [3, 'behind'],
    ]);
    const name = { source: SOURCE, streamId: uuidFor(stream('a')) };
    const { released, stillParked } = await releaseParked(listener.store, name, listener.contracts);
    expect([released, stillParked.map(({ reason }) => reason)]).toEqual([0, ['forked', 'behind']]);
    const forked = stillParked[0]?.id ?? '';
    expect(await discardParked(listener.store, [forked], 'a restored backup', listener.contracts)).toBe(1);
    expect(await storedOf('a')).toEqual(places('a', 1, 2, 3));
  });

  it('gives up forks of many streams with much behind them, and nothing of it stays', async () => {
    const names = ['a', 'b', 'c'];
    const behind = Array.from({ length: 400 }, (_, index) => index + 2);
    const other = (name: string) => fact(name, 1, { eventId: uuidFor(`${stream(name)} another history`) });
    const messages = names.flatMap((name) => [fact(name, 1), other(name), ...behind.map((nth) => fact(name, nth))]);
    await listener.receiver.receive(batchOf(messages));
    const parked = await listParked(listener.store, { reason: 'forked', limit: 1_000 });
    const forks = parked.filter(({ streamId }) => names.some((name) => streamId === uuidFor(stream(name))));
    expect(forks).toHaveLength(3);
    const ids = forks.map(({ id }) => id);
    expect(await discardParked(listener.store, ids, 'a restored backup', listener.contracts)).toBe(3);
    for (const name of names) expect(await reasonsOf(name)).toEqual([]);
    expect(await storedOf(...names)).toHaveLength(3 * 401);
  });

  it('is parked alone when no stream can be read, with its bytes, and blocks nothing', async () => {
    const sound = fact('a', 1);
    const poison = [
      { ...sound, value: null },
      { ...sound, value: Buffer.from('{"sacks":') },
      { ...sound, value: Buffer.from([0xff, 0xfe, 0x00]) },
      { ...sound, value: Buffer.from('[1]') },
      { key: null, headers: {}, value: Buffer.from('{}') },
      { ...sound, headers: { ...sound.headers, ce_subject: 'mill 7' } },
      { ...sound, headers: { ...sound.headers, ce_type: 'Ground' } },
      { ...sound, headers: { ...sound.headers, ce_source: '/elsewhere' } },
      { ...sound, headers: { ...sound.headers, ce_source: '/costs', ce_type: 'city.costs.Ground.v1' } },
      { ...sound, headers: { ...sound.headers, ce_subject: 'NUL \u0000 here' } },
    ];
    const before = new Set((await listParked(listener.store, { limit: 1_000 })).map(({ id }) => id));
    await listener.receiver.receive(batchOf([...poison, sound, fact('a', 2)]));
    expect(await storedOf('a')).toEqual(places('a', 1, 2));
    const parked = (await listParked(listener.store, { limit: 1_000 })).filter(({ id }) => !before.has(id));
    expect(parked.map(({ reason, streamId }) => [reason, streamId])).toEqual(
      poison.map((_, index) => [index === 8 ? 'wrong-topic' : 'unreadable', null]),
    );
    const shown = await showParked(listener.store, parked[1]?.id ?? '');
    expect(shown).toMatchObject({ offset: 1, value: '{"sacks":', key: uuidFor(stream('a')) });
    expect((await listener.offsets())[`${generation} 0`]).toBe(12);
  });

  it.each([
    ['a breach of its contract', { data: { sacks: 'many' } }, 'breach'],
    ['a version that is not known yet', { schemaVersion: 2 }, 'unknown-version'],
    ['a NUL', { data: { sacks: 1, word: 'a\u0000b' } }, 'unstorable'],
    ['half a surrogate pair', { data: { sacks: 1, word: '\ud800' } }, 'unstorable'],
    ['a schema version without bounds', { type: 'Other', schemaVersion: 99_999 }, 'unstorable'],
    ['another stream as its key', { headers: { ce_partitionkey: uuidFor('elsewhere') } }, 'breach'],
    ['no version', { headers: { ce_sequence: 'second' } }, 'breach'],
    ['a time that is none', { headers: { ce_time: 'yesterday' } }, 'breach'],
    ['an id that is none', { headers: { ce_id: '7' } }, 'breach'],
  ])('parks its stream for %s, later facts behind it', async (_, shape, reason) => {
    await listener.another().receive(batchOf([fact('a', 1), fact('a', 2, shape), fact('b', 1), fact('a', 3)]));
    expect(await storedOf('a', 'b')).toEqual([...places('a', 1), ...places('b', 1)]);
    const parked = await listParked(listener.store, { streamId: uuidFor(stream('a')) });
    expect(new Set(parked.map((message) => message.reason))).toEqual(
      new Set([reason, parked.length === 2 ? 'behind' : '']),
    );
    expect(await storedOf('b')).toEqual(places('b', 1));
  });

  it('parks a message whose key is not its stream', async () => {
    const strange = { ...fact('a', 1), key: Buffer.from(uuidFor('elsewhere')) };
    await listener.another().receive(batchOf([strange]));
    expect(await reasonsOf('a')).toEqual([[1, 'breach']]);
    await listener.receiver.receive(batchOf([fact('a', 1)], { from: 1 }));
    expect(await storedOf('a')).toEqual(places('a', 1));
  });

  it('finds the one message that PostgreSQL refuses, and stores the others', async () => {
    const refused = fact('b', 2, { headers: { ce_time: '2026-13-01T00:00:00Z' } });
    const alsoRefused = fact('c', 1, { data: {} });
    const deep = { ...alsoRefused, value: Buffer.from(`${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}`) };
    const messages = [fact('a', 1), fact('b', 1), refused, fact('b', 3), deep, fact('a', 2)];
    await listener.another().receive(batchOf(messages));
    expect(await storedOf('a', 'b', 'c')).toEqual([...places('a', 1), ...places('b', 1), ...places('a', 2)]);
    expect((await reasonsOf('b')).map((row) => (row as unknown[])[0])).toEqual([2, 3]);
    expect(await reasonsOf('c')).toHaveLength(1);
    expect((await listener.offsets())[`${generation} 0`]).toBe(6);
  });

  it('keeps a type that is not known here, for a later version, and a private event', async () => {
    const receiver = listener.another();
    await receiver.receive(
      batchOf([
        fact('a', 1, { type: 'Sifted', data: { fine: true } }),
        fact('a', 2),
        fact('a', 3, { data: undefined }),
      ]),
    );
    expect(await storedOf('a')).toEqual(places('a', 1, 2, 3));
    expect(receiver.status()).toMatchObject({ received: 3, unknownTypes: 1, parked: 0 });
  });

  it('takes 5 MB, and numbers as they were written', async () => {
    const large = fact('a', 1, { data: { sacks: 1, note: 'x'.repeat(5 * 1024 * 1024) } });
    const exact = { ...fact('a', 2), value: Buffer.from('{"sacks": 9007199254740993}') };
    await listener.receiver.receive(batchOf([large, exact]));
    const { rows } = await listener.store.pool.query<{ data: string }>(
      `select data->>'sacks' as data from es.received where stream_id = $1 order by version`,
      [uuidFor(stream('a'))],
    );
    expect(rows.map(({ data }) => data)).toEqual(['1', '9007199254740993']);
  });

  it('stops receiving when more than 20 streams are parked within a minute', async () => {
    const receiver = listener.another();
    const bad = Array.from({ length: 21 }, (_, index) => fact(`s${index}`, 1, { data: {} }));
    await receiver.receive(batchOf(bad.slice(0, 20)));
    expect(receiver.status().stopped).toBeUndefined();
    await receiver.receive(batchOf(bad.slice(20), { from: 20 }));
    expect(receiver.status().stopped).toMatch('21 streams were parked within a minute');
    const next = batchOf([fact('a', 1)], { from: 21 });
    await receiver.receive(next);
    expect(next.asked.retryMs).toBeGreaterThan(0);
    expect(await storedOf('a')).toEqual([]);
    await listener.another().receive(batchOf([fact('a', 1)], { from: 21 }));
    expect(await storedOf('a')).toEqual(places('a', 1));
  });
});

describe('releasing', () => {
  it('replays a stream in order once its contract is known; what still breaks it stays with its reason', async () => {
    const receiver = listener.another();
    const next = { schemaVersion: 2 };
    await receiver.receive(
      batchOf([fact('a', 1), fact('a', 2, next), fact('a', 3), fact('a', 4, { data: {} }), fact('a', 5)]),
    );
    await receiver.receive(batchOf([fact('b', 1, next), fact('b', 2)], { from: 5 }));
    const ids = (await listParked(listener.store, { streamId: uuidFor(stream('a')) })).map(({ id }) => id);
    expect((await releaseParked(listener.store, ids.slice(0, 1), listener.contracts)).released).toBe(0);
    listener.contracts.known = 2;
    try {
      const { released, stillParked } = await releaseParked(listener.store, ids.slice(0, 1), listener.contracts);
      expect(released).toBe(2);
      expect(stillParked.map(({ version, reason }) => [version, reason])).toEqual([
        [4, 'breach'],
        [5, 'behind'],
      ]);
      expect(await storedOf('a')).toEqual(places('a', 1, 2, 3));
      expect(await storedOf('b')).toEqual([]);
      const all = await releaseParked(
        listener.store,
        { source: SOURCE, streamId: uuidFor(stream('b')) },
        listener.contracts,
      );
      expect(all).toEqual({ released: 2, stillParked: [] });
      expect(await storedOf('b')).toEqual(places('b', 1, 2));
    } finally {
      listener.contracts.known = 1;
    }
  });

  it('answers what is not an id, and knows nothing twice', async () => {
    await expect(releaseParked(listener.store, ['7 or 1'])).rejects.toThrow('Not the id of a parked message: 7 or 1');
    expect(await releaseParked(listener.store, ['999999999'])).toEqual({ released: 0, stillParked: [] });
  });
});

describe('watermarks', () => {
  const instants = async (): Promise<unknown[]> => {
    const { rows } = await listener.store.pool.query(
      `select partition, to_char(instant at time zone 'UTC', 'HH24:MI:SS') as at from es.watermarks where partition >= 5 order by 1`,
    );
    return rows;
  };

  it('take an offset, are never stored as facts, move once a second and never back', async () => {
    const at = (minute: number) => {
      const message = watermarkOf(`2026-01-01T00:0${minute}:00.000000Z`);
      return { ...message, headers: { ...message.headers, ce_generation: generation } };
    };
    await listener.another().receive(batchOf([fact('a', 1), at(3)], { partition: 5 }));
    expect(await instants()).toEqual([{ partition: 5, at: '00:03:00' }]);
    const receiver = listener.another();
    await receiver.receive(batchOf([at(2)], { partition: 5, from: 2 }));
    expect(await instants()).toEqual([{ partition: 5, at: '00:03:00' }]);
    await receiver.receive(batchOf([at(4)], { partition: 5, from: 3 }));
    expect(await instants()).toEqual([{ partition: 5, at: '00:03:00' }]);
    await listener.another().receive(batchOf([at(5)], { partition: 5, from: 4 }));
    expect(await instants()).toEqual([{ partition: 5, at: '00:05:00' }]);
    expect(await storedOf('a')).toEqual(places('a', 1));
    expect((await listener.offsets())[`${generation} 5`]).toBe(5);
  });
});

describe('the whole', () => {
  it('stores the same, however messages are repeated, cut and reordered across partitions', async () => {
    let run = 0;
    const plan = fc.record({
      lengths: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 }),
      repeats: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 20, maxLength: 20 }),
      seeds: fc.array(fc.nat(), { minLength: 60, maxLength: 60 }),
      cut: fc.integer({ min: 1, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ lengths, repeats, seeds, cut }) => {
        run += 1;
        const name = (index: number) => `run ${run} stream ${index}`;
        const one = { generation: uuidFor(`${generation} run ${run}`) };
        const receiver = listener.another({ mostStalledStreams: 1_000 });
        const partitions = lengths.map((length, index) =>
          Array.from({ length }, (_, at) => at + 1)
            .flatMap((version) => Array.from({ length: repeats[(index * 4 + version) % 20] ?? 1 }, () => version))
            .map((version, at) => ({ version, rank: seeds[(index * 13 + at) % 60] ?? 0 }))
            .sort((a, b) => a.rank - b.rank)
            .map(({ version }) => fact(name(index), version, one)),
        );
        const positions = partitions.map(() => 0);
        for (let turn = 0; positions.some((at, index) => at < (partitions[index]?.length ?? 0)); turn += 1) {
          const index = (seeds[turn % 60] ?? 0) % partitions.length;
          const partition = positions.some((at, i) => i === index && at < (partitions[i]?.length ?? 0))
            ? index
            : positions.findIndex((at, i) => at < (partitions[i]?.length ?? 0));
          const from = positions[partition] ?? 0;
          const messages = (partitions[partition] ?? []).slice(from, from + cut);
          await receiver.receive(batchOf(messages, { partition, from }));
          positions[partition] = from + messages.length;
        }
        for (const [index, length] of lengths.entries()) {
          const all = Array.from({ length }, (_, at) => at + 1);
          expect(await storedOf(name(index))).toEqual(places(name(index), ...all));
          expect(await reasonsOf(name(index))).toEqual([]);
        }
      }),
      { numRuns: 15 },
    );
  });
});
