import { afterAll, describe, expect, it } from '@jest/globals';
import { throwAwayDatabase } from '@tongchou/testing';
import { type Appender, createAppender, type StreamAppend } from './append.ts';
import { createCodec } from './codec.ts';
import { type CommandHandler, createCommandHandler } from './command-handler.ts';
import type { CommandContext } from './command-outcome.ts';
import { newEventId } from './identity.ts';
import { openStore } from './store.ts';
import { MOST, type Tally, tally, type TallyCommand } from './tally.fixture.ts';

const database = await throwAwayDatabase();
const store = await openStore({ url: database.url, service: 'tallies' });
const elsewhere = await openStore({ url: database.url, service: 'tallies' });

afterAll(async () => {
  await Promise.all([store, elsewhere].map((one) => one.close()));
  await database.drop();
});

type Handler = CommandHandler<TallyCommand, Tally>;

interface Instance {
  readonly handler: Handler;
  /** What it sent to be appended. */
  readonly appended: StreamAppend[];
  /** Keeps answers of appends back; resolves when the next one is committed. */
  hold(until: Promise<void>): Promise<void>;
}

function instance(of = store): Instance {
  const real = createAppender(of);
  const appended: StreamAppend[] = [];
  let held = Promise.resolve();
  let committed = Promise.withResolvers<void>();
  const appender: Appender = {
    async append(stream) {
      appended.push(stream);
      const answer = await real.append(stream);
      committed.resolve();
      await held;
      return answer;
    },
  };
  const handler = createCommandHandler({ store: of, appender, decider: tally, codec: createCodec({}) });
  const hold = (until: Promise<void>): Promise<void> => {
    held = until;
    committed = Promise.withResolvers<void>();
    return committed.promise;
  };
  return { handler, appended, hold };
}

const context = (more: Partial<CommandContext> = {}): CommandContext => ({
  scope: 'spec',
  commandId: newEventId(),
  input: {},
  actor: { subject: 'spec' },
  correlationId: 'correlation',
  ...more,
});

const open = (name: string = newEventId()): TallyCommand => ({ type: 'OpenTally', name });
const add = (amount: number): TallyCommand => ({ type: 'Add', amount });
const reach = (total: number): TallyCommand => ({ type: 'ReachAtLeast', total });

async function opened(handler: Handler): Promise<string> {
  const streamId = newEventId();
  await handler.handle(streamId, open(), context());
  return streamId;
}

const eventsOf = async (streamId: string): Promise<readonly { version: number; type: string; metadata: object }[]> => {
  const { rows } = await store.pool.query<{ version: number; type: string; metadata: object }>(
    'select version::int, event_type as type, metadata from es.events where stream_id = $1 order by version',
    [streamId],
  );
  return rows;
};

const commandsOf = async (streamId: string): Promise<readonly string[]> => {
  const { rows } = await store.pool.query<{ command_id: string }>(
    'select command_id from es.commands where stream_id = $1',
    [streamId],
  );
  return rows.map(({ command_id }) => command_id);
};

describe('a command', () => {
  it('is decided and stored with who, why and when it was true; its token names the version it made', async () => {
    const { handler } = instance();
    const streamId = newEventId();
    const name = newEventId();
    const sent = context({ traceparent: '00-trace', causationId: 'cause' });
    const outcome = await handler.handle(streamId, open(name), sent);
    expect(outcome).toEqual({
      status: 'accepted',
      streamId,
      streamType: 'Tally',
      version: 1,
      token: `tallies/${store.systemIdentifier}:Tally:${streamId}@1`,
      facts: [{ type: 'TallyOpened' }],
    });
    const metadata = {
      correlationId: 'correlation',
      causationId: 'cause',
      commandId: sent.commandId,
      actor: { subject: 'spec' },
      traceparent: '00-trace',
    };
    expect(await eventsOf(streamId)).toEqual([{ version: 1, type: 'TallyOpened', metadata }]);
    expect(await handler.load(streamId)).toMatchObject({ version: 1, state: { name, total: 0 } });
  });

  it('is refused with its reason and the version it was decided on, and a refusal is not kept', async () => {
    const { handler } = instance();
    const streamId = newEventId();
    const sent = context();
    const refused = { status: 'rejected', rejection: { rejected: 'NotOpen', detail: {} }, streamId, version: 0 };
    expect(await handler.handle(streamId, add(1), sent)).toEqual(refused);
    await handler.handle(streamId, open(), context());
    expect(await handler.handle(streamId, add(1), sent)).toMatchObject({ status: 'accepted', version: 2 });
  });

  it('with nothing to do is accepted, and its id kept', async () => {
    const { handler } = instance();
    const streamId = await opened(handler);
    const sent = context();
    expect(await handler.handle(streamId, reach(0), sent)).toMatchObject({ status: 'accepted', version: 1 });
    await handler.handle(streamId, add(5), context());
    expect(await handler.handle(streamId, reach(0), sent)).toMatchObject({ status: 'repeated', version: 1 });
    expect(await commandsOf(streamId)).toContain(sent.commandId);
  });

  it('is answered as the first time when it comes again, and stores nothing more', async () => {
    const { handler } = instance();
    const streamId = await opened(handler);
    const sent = context({ input: { b: 1, a: [2] } });
    const first = await handler.handle(streamId, add(7), sent);
    await handler.handle(streamId, add(1), context());
    const again = { ...sent, input: { a: [2], b: 1 } };
    expect(await handler.handle(streamId, add(7), again)).toEqual({ ...first, status: 'repeated' });
    const twin = instance(elsewhere);
    expect(await twin.handler.handle(streamId, add(7), again)).toEqual({ ...first, status: 'repeated' });
    expect(await eventsOf(streamId)).toHaveLength(3);
  });

  it('whose id was used for another input, command or stream is a mistake', async () => {
    const { handler } = instance();
    const streamId = await opened(handler);
    const sent = context({ input: 1 });
    await handler.handle(streamId, add(7), sent);
    const mismatch = { code: 'IDEMPOTENCY_MISMATCH', retryable: false };
    await expect(handler.handle(streamId, add(7), { ...sent, input: 2 })).rejects.toMatchObject(mismatch);
    await expect(handler.handle(streamId, reach(9), sent)).rejects.toMatchObject(mismatch);
    await expect(handler.handle(await opened(handler), add(7), sent)).rejects.toMatchObject(mismatch);
    expect(await handler.handle(streamId, add(7), { ...sent, scope: 'another' })).toMatchObject({ status: 'accepted' });
  });

  it('that expects another version is a conflict, told on fresh state', async () => {
    const { handler } = instance();
    const streamId = await opened(handler);
    expect(await handler.handle(streamId, add(1), context({ expectedVersion: 1 }))).toMatchObject({ version: 2 });
    await expect(handler.handle(streamId, add(1), context({ expectedVersion: 1 }))).rejects.toMatchObject({
      code: 'CONFLICT',
      version: 2,
    });
    const twin = instance(elsewhere);
    await twin.handler.handle(streamId, add(1), context());
    expect(await handler.handle(streamId, add(1), context({ expectedVersion: 3 }))).toMatchObject({ version: 4 });
  });

  it('with text that PostgreSQL refuses fails alone in its batch', async () => {
    const { handler } = instance();
    const streamId = await opened(handler);
    const bad: TallyCommand = { type: 'Add', amount: 1, note: '\u0000' };
    const settled = await Promise.allSettled(
      [add(1), bad, add(2)].map((one) => handler.handle(streamId, one, context())),
    );
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await handler.load(streamId)).toMatchObject({ version: 3, state: { total: 3 } });
  });
});

describe('commands of one hot stream', () => {
  it('are decided in turn on the state that those before them leave, and appended together', async () => {
    const { handler, appended } = instance();
    const streamId = await opened(handler);
    appended.length = 0;
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => handler.handle(streamId, add(1), context())));
    expect(outcomes.map((outcome) => outcome.version)).toEqual(Array.from({ length: 100 }, (_, at) => at + 2));
    expect(appended).toHaveLength(1);
  });

  it('get no answer, refusals and no-ops included, before what they were decided with is committed', async () => {
    const { handler, hold } = instance();
    const streamId = await opened(handler);
    const door = Promise.withResolvers<void>();
    const committed = hold(door.promise);
    let answered = 0;
    const batch = [add(900), add(200), reach(10)].map(async (one) => {
      const outcome = await handler.handle(streamId, one, context());
      answered += 1;
      return outcome.status;
    });
    await committed;
    expect(await eventsOf(streamId)).toHaveLength(2);
    expect(answered).toBe(0);
    door.resolve();
    expect(await Promise.all(batch)).toEqual(['accepted', 'rejected', 'accepted']);
  });

  it('may carry the same id twice at once: done once, answered twice', async () => {
    const { handler } = instance();
    const streamId = await opened(handler);
    const sent = context();
    const twice = await Promise.all([1, 2].map(() => handler.handle(streamId, add(1), sent)));
    expect(twice.map(({ status }) => status)).toEqual(['accepted', 'repeated']);
    expect(await eventsOf(streamId)).toHaveLength(2);
  });

  it('are all answered as retryable when the outcome is unknown, and their ids tell at the retry', async () => {
    const { handler, hold } = instance();
    const streamId = await opened(handler);
    void hold(Promise.reject(new Error('Connection terminated unexpectedly')));
    const ids = [context(), context(), context()];
    const send = () => Promise.allSettled(ids.map((sent) => handler.handle(streamId, add(1), sent)));
    expect((await send()).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    void hold(Promise.resolve());
    expect(await send()).toMatchObject(ids.map((_, at) => ({ value: { status: 'repeated', version: at + 2 } })));
    expect(await eventsOf(streamId)).toHaveLength(4);
  });
});

describe('two instances', () => {
  it('do not lose a write to a stale cache', async () => {
    const here = instance();
    const there = instance(elsewhere);
    const streamId = await opened(here.handler);
    await there.handler.handle(streamId, add(MOST), context());
    expect(await here.handler.handle(streamId, add(1), context())).toMatchObject({
      rejection: { rejected: 'TooMuch' },
    });
    const other = await opened(here.handler);
    await there.handler.handle(other, add(10), context());
    expect(await here.handler.handle(other, add(1), context())).toMatchObject({ status: 'accepted', version: 3 });
    expect(await there.handler.load(other)).toMatchObject({ version: 3, state: { total: 11 } });
  });

  it('do not refuse the retry of a command that the other accepted', async () => {
    const here = instance();
    const there = instance(elsewhere);
    const streamId = await opened(here.handler);
    const sent = context();
    await there.handler.handle(streamId, add(MOST), sent);
    expect(await here.handler.handle(streamId, add(MOST), sent)).toMatchObject({ status: 'repeated', version: 2 });
    await here.handler.handle(streamId, reach(1), context());
    expect(await here.handler.handle(streamId, add(MOST), sent)).toMatchObject({ status: 'repeated', version: 2 });
    const name = context();
    const opening = open();
    const claimed = newEventId();
    await there.handler.handle(claimed, opening, name);
    expect(await here.handler.handle(claimed, opening, name)).toMatchObject({ status: 'repeated', version: 1 });
  });

  it('do not say no, nor "nothing to do", on a stale cache', async () => {
    const here = instance();
    const there = instance(elsewhere);
    const streamId = newEventId();
    expect(await here.handler.handle(streamId, add(1), context())).toMatchObject({ status: 'rejected' });
    await there.handler.handle(streamId, open(), context());
    expect(await here.handler.handle(streamId, add(1), context())).toMatchObject({ status: 'accepted', version: 2 });
    await there.handler.handle(streamId, add(1), context());
    const nothing = await here.handler.handle(streamId, reach(2), context());
    expect(nothing).toMatchObject({ status: 'accepted', version: 3 });
    expect(await eventsOf(streamId)).toHaveLength(3);
  });

  it('accept the same command once when both get it at the same moment', async () => {
    const here = instance();
    const there = instance(elsewhere);
    for (let round = 0; round < 10; round += 1) {
      const streamId = await opened(here.handler);
      const sent = context();
      const both = await Promise.all([here, there].map(({ handler }) => handler.handle(streamId, add(1), sent)));
      expect(both.map(({ status }) => status).sort()).toEqual(['accepted', 'repeated']);
      expect(await eventsOf(streamId)).toHaveLength(2);
    }
  });

  it('give a name to one stream when both claim it, and the other its refusal', async () => {
    const here = instance();
    const there = instance(elsewhere);
    for (let round = 0; round < 10; round += 1) {
      const name = newEventId();
      const rivals = [here, there, here].map(({ handler }) => handler.handle(newEventId(), open(name), context()));
      const outcomes = await Promise.all(rivals);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['accepted', 'rejected', 'rejected']);
      const refused = { rejection: { rejected: 'NameTaken' }, version: 0 };
      for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome).toMatchObject(refused);
    }
  });
});

describe('others who are always faster', () => {
  it('are met at most five times, then it is a conflict that may be retried', async () => {
    const real = createAppender(store);
    const there = instance(elsewhere);
    let tries = 0;
    const appender: Appender = {
      async append(stream) {
        tries += 1;
        await there.handler.handle(stream.streamId, add(1), context());
        return real.append(stream);
      },
    };
    const streamId = await opened(there.handler);
    const handler = createCommandHandler({ store, appender, decider: tally, codec: createCodec({}) });
    const conflict = { code: 'CONFLICT', retryable: true };
    await expect(handler.handle(streamId, add(1), context())).rejects.toMatchObject(conflict);
    expect(tries).toBe(5);
    expect(await eventsOf(streamId)).toHaveLength(6);
  });
});
