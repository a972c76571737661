import { afterAll, describe, expect, it } from '@jest/globals';
import { throwAwayDatabase } from '@tongchou/testing';
import { type CommandToAppend, createAppender, type EventToAppend, type StreamAppend } from './append.ts';
import { Unavailable } from './errors.ts';
import { fingerprintOf } from './fingerprint.ts';
import { newEventId } from './identity.ts';
import type { Log } from './log.ts';
import { openStore } from './store.ts';

const database = await throwAwayDatabase();
const warnings: string[] = [];
const log: Log = { info: () => undefined, warn: (_, message) => warnings.push(message), error: () => undefined };
const store = await openStore({ url: database.url, service: 'things', log });
const elsewhere = await openStore({ url: database.url, service: 'things' });
const appender = createAppender(store);
const other = createAppender(elsewhere);

afterAll(async () => {
  await store.close();
  await elsewhere.close();
  await database.drop();
});

const event = (data: object = {}): EventToAppend => ({
  eventId: newEventId(),
  type: 'Happened',
  schemaVersion: 1,
  data: JSON.stringify(data),
  metadata: '{}',
});

const command = (more: Partial<CommandToAppend> = {}): CommandToAppend => ({
  scope: 'spec',
  commandId: newEventId(),
  fingerprint: fingerprintOf('input'),
  kept: true,
  events: [event()],
  ...more,
});

const stream = (more: Partial<StreamAppend> = {}): StreamAppend => ({
  streamId: newEventId(),
  streamType: 'Thing',
  expectedVersion: 0,
  commands: [command()],
  ...more,
});

interface Stored {
  readonly version: number;
  readonly at: string;
  readonly micros: string;
  readonly event_type: string;
}

const stored = async (streamId: string): Promise<readonly Stored[]> => {
  const { rows } = await store.pool.query<Stored>(
    `select version::int, recorded_at::text as at, (extract(epoch from recorded_at) * 1000000)::bigint as micros, event_type
     from es.events where stream_id = $1 order by version`,
    [streamId],
  );
  return rows;
};

const versionOf = async (streamId: string): Promise<number | undefined> => {
  const { rows } = await store.pool.query<{ version: number }>(
    'select version::int from es.streams where stream_id = $1',
    [streamId],
  );
  return rows[0]?.version;
};

const FAILED = { appended: false, knownCommand: false, claimed: [] };

describe('versions', () => {
  it('appends where the stream stands at the expected version, and counts on from there', async () => {
    const first = stream({ commands: [command({ events: [event(), event()] }), command()] });
    expect(await appender.append(first)).toEqual({ appended: true });
    const next = { ...first, expectedVersion: 3, commands: [command()] };
    expect(await appender.append(next)).toEqual({ appended: true });
    expect((await stored(first.streamId)).map(({ version }) => version)).toEqual([1, 2, 3, 4]);
    expect(await versionOf(first.streamId)).toBe(4);
  });

  it('takes no stream that exists for a new one, nor a new one for one that exists', async () => {
    const first = stream();
    await appender.append(first);
    expect(await appender.append({ ...first, commands: [command()] })).toEqual(FAILED);
    const missing = stream({ expectedVersion: 2 });
    expect(await appender.append(missing)).toEqual(FAILED);
    expect(await versionOf(missing.streamId)).toBeUndefined();
    expect(await stored(first.streamId)).toHaveLength(1);
  });

  it('lets one stream that is behind fail alone among those that share its statement', async () => {
    const behind = stream();
    await appender.append(behind);
    const batch = [stream(), { ...behind, commands: [command()] }, stream(), stream()];
    const answers = await Promise.all(batch.map((one) => appender.append(one)));
    expect(answers.map(({ appended }) => appended)).toEqual([true, false, true, true]);
    const { rows } = await store.pool.query('select 1 from es.commands where stream_id = $1', [behind.streamId]);
    expect(rows).toHaveLength(1);
  });

  it('gives one of many instances that append at the same version, on new streams and on old ones', async () => {
    for (let round = 0; round < 10; round += 1) {
      const one = stream();
      for (const expectedVersion of [0, 1]) {
        const rivals = [appender, other, appender, other].map((instance) =>
          instance.append({ ...one, expectedVersion, commands: [command()] }),
        );
        expect((await Promise.all(rivals)).filter(({ appended }) => appended)).toHaveLength(1);
      }
      expect((await stored(one.streamId)).map(({ version }) => version)).toEqual([1, 2]);
    }
  });

  it('checks the version again when it has waited for a stream that moved meanwhile, and fails that stream alone', async () => {
    const moving = stream();
    await appender.append(moving);
    const holder = await store.pool.connect();
    await holder.query('begin');
    await holder.query('update es.streams set version = 2 where stream_id = $1', [moving.streamId]);
    const answers = Promise.all(
      [{ ...moving, expectedVersion: 1, commands: [command()] }, stream()].map(appender.append),
    );
    const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    while ((await elsewhere.pool.query(waiting)).rowCount === 0);
    await holder.query('commit');
    holder.release();
    expect(await answers).toEqual([FAILED, { appended: true }]);
    expect(await stored(moving.streamId)).toHaveLength(1);
  });

  it('gives positions in the order of versions within each stream', async () => {
    const many = Array.from({ length: 40 }, () => stream({ commands: Array.from({ length: 5 }, () => command()) }));
    await Promise.all(many.map(appender.append));
    const { rows } = await store.pool.query(
      `select 1 from es.events e join es.events later using (stream_id)
       where later.version > e.version and later.position < e.position`,
    );
    expect(rows).toEqual([]);
  });

  it('does not deadlock when instances take the same streams in different orders', async () => {
    const streams = Array.from({ length: 30 }, () => stream());
    await Promise.all(streams.map((one) => appender.append(one)));
    const again = (expectedVersion: number) => (one: StreamAppend) => ({
      ...one,
      expectedVersion,
      commands: [command()],
    });
    const here = streams.map(again(1)).map((one) => appender.append(one));
    const there = streams
      .map(again(1))
      .reverse()
      .map((one) => other.append(one));
    const answers = await Promise.all([...here, ...there]);
    expect(answers.filter(({ appended }) => appended)).toHaveLength(streams.length);
  });
});

describe('command ids', () => {
  it('are checked in the same statement: a known one stores nothing, and says so', async () => {
    const once = command();
    await appender.append(stream({ commands: [once] }));
    const again = stream({ commands: [command(), { ...once, events: [event()] }] });
    expect(await appender.append(again)).toEqual({ appended: false, knownCommand: true, claimed: [] });
    expect(await versionOf(again.streamId)).toBeUndefined();
  });

  it('are kept without events too, and the version is proven then as well', async () => {
    const first = stream();
    await appender.append(first);
    const nothing = command({ events: [] });
    expect(await appender.append({ ...first, expectedVersion: 1, commands: [nothing] })).toEqual({ appended: true });
    expect(await versionOf(first.streamId)).toBe(1);
    const again = await appender.append({ ...first, expectedVersion: 1, commands: [{ ...nothing, events: [] }] });
    expect(again).toMatchObject({ appended: false, knownCommand: true });
    expect(await appender.append({ ...first, commands: [command({ events: [] })] })).toEqual(FAILED);
  });

  it('of refused commands are checked and not kept', async () => {
    const refused = command({ kept: false, events: [] });
    expect(await appender.append(stream({ commands: [refused, command()] }))).toEqual({ appended: true });
    expect(await appender.append(stream({ commands: [{ ...refused, kept: true }] }))).toEqual({ appended: true });
    const late = stream({ commands: [refused, command()] });
    expect(await appender.append(late)).toMatchObject({ appended: false, knownCommand: true });
  });

  it('that come twice at once, here or in two instances, are taken once and leave no hole', async () => {
    for (let round = 0; round < 20; round += 1) {
      const { commandId } = command();
      const rivals = [appender, appender, other, other].map((instance) => {
        const one = stream({ commands: [command(), command({ commandId }), command()] });
        return { one, answer: instance.append(one) };
      });
      const bystander = appender.append(stream());
      const answers = await Promise.all(rivals.map(({ answer }) => answer));
      expect(answers.filter(({ appended }) => appended)).toHaveLength(1);
      expect(await bystander).toEqual({ appended: true });
      for (const [at, { one }] of rivals.entries()) {
        const events = (await stored(one.streamId)).map(({ version }) => version);
        expect(events).toEqual(answers[at]?.appended ? [1, 2, 3] : []);
        expect(await versionOf(one.streamId)).toBe(answers[at]?.appended ? 3 : undefined);
      }
    }
  });
});

describe('claims', () => {
  const claiming = (key: string): CommandToAppend => command({ claims: [{ kind: 'name', key }] });

  it('are taken with the events or not at all; the same stream may claim again', async () => {
    const key = newEventId();
    const holder = stream({ commands: [claiming(key)] });
    expect(await appender.append(holder)).toEqual({ appended: true });
    expect(await appender.append({ ...holder, expectedVersion: 1, commands: [claiming(key), claiming(key)] })).toEqual({
      appended: true,
    });
    const second = newEventId();
    const rival = stream({ commands: [claiming(second), claiming(key)] });
    const answer = await appender.append(rival);
    expect(answer).toEqual({ appended: false, knownCommand: false, claimed: [{ kind: 'name', key }] });
    expect(await versionOf(rival.streamId)).toBeUndefined();
    expect(await appender.append(stream({ commands: [claiming(second)] }))).toEqual({ appended: true });
  });

  it('are won by one stream when instances race, and the losers store nothing', async () => {
    for (let round = 0; round < 20; round += 1) {
      const key = newEventId();
      const rivals = [appender, other, appender, other].map((instance) => {
        const one = stream({ commands: [claiming(key)] });
        return { one, answer: instance.append(one) };
      });
      const answers = await Promise.all(rivals.map(({ answer }) => answer));
      expect(answers.filter(({ appended }) => appended)).toHaveLength(1);
      for (const [at, { one }] of rivals.entries()) {
        expect(await stored(one.streamId)).toHaveLength(answers[at]?.appended ? 1 : 0);
      }
    }
  });
});

describe('recorded_at', () => {
  it('is one instant a command, and grows by at least a microsecond from command to command', async () => {
    const one = stream({ commands: [command({ events: [event(), event()] }), command(), command()] });
    await appender.append(one);
    await store.pool.query(`update es.streams set recorded_at = recorded_at + interval '1 hour' where stream_id = $1`, [
      one.streamId,
    ]);
    await appender.append({ ...one, expectedVersion: 4, commands: [command()] });
    const micros = (await stored(one.streamId)).map((row) => BigInt(row.micros));
    const [first = 0n, second, third, fourth, fifth] = micros;
    expect([second, third, fourth]).toEqual([first, first + 1n, first + 2n]);
    expect(fifth).toBe(first + 3n + 3_600_000_000n);
  });

  it('is not before the fact that is answered, unless that lies more than 5 s ahead: then an alarm', async () => {
    const soon = new Date(Date.now() + 3_000).toISOString();
    const one = stream({ commands: [command({ notBefore: soon })] });
    await appender.append(one);
    const [near] = await stored(one.streamId);
    expect(new Date(near?.at ?? 0).toISOString()).toBe(soon);
    expect(warnings).toEqual([]);
    const far = new Date(Date.now() + 60_000).toISOString();
    const two = stream({ commands: [command({ notBefore: far }), command({ notBefore: soon })] });
    await appender.append(two);
    const [mistrusted] = await stored(two.streamId);
    expect(Date.parse(mistrusted?.at ?? '')).toBeLessThan(Date.parse(far));
    expect(Date.parse(mistrusted?.at ?? '')).toBeGreaterThanOrEqual(Date.parse(soon));
    expect(warnings).toHaveLength(1);
  });
});

describe('errors', () => {
  it('in the data of one append fail that one alone', async () => {
    const refused = { ...event(), data: '{"text":"\\u0000"}' };
    const batch = [stream(), stream({ commands: [command({ events: [refused] })] }), stream()];
    const settled = await Promise.allSettled(batch.map((one) => appender.append(one)));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(settled[1]).toMatchObject({ reason: { code: '22P05' } });
  });

  it('of the connection fail all in the statement as retryable, and the pool heals', async () => {
    const blocked = stream();
    await appender.append(blocked);
    const holder = await store.pool.connect();
    await holder.query('begin');
    await holder.query('select 1 from es.streams where stream_id = $1 for update', [blocked.streamId]);
    const batch = [{ ...blocked, expectedVersion: 1, commands: [command()] }, stream(), stream()];
    const answers = Promise.allSettled(batch.map((one) => appender.append(one)));
    const victims = `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`;
    while ((await holder.query(victims)).rowCount === 0);
    const settled = await answers;
    expect(settled.every((one) => one.status === 'rejected' && one.reason instanceof Unavailable)).toBe(true);
    await holder.query('rollback');
    holder.release();
    expect(await appender.append(stream())).toEqual({ appended: true });
  });
});
