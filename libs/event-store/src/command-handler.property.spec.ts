import { afterAll, expect, it } from '@jest/globals';
import { throwAwayDatabase } from '@tongchou/testing';
import fc from 'fast-check';
import { createAppender } from './append.ts';
import { createCodec } from './codec.ts';
import { createCommandHandler } from './command-handler.ts';
import type { CommandOutcome } from './command-outcome.ts';
import { Conflict } from './errors.ts';
import { newEventId } from './identity.ts';
import { openStore } from './store.ts';
import { MOST, tally, type TallyCommand } from './tally.fixture.ts';

const database = await throwAwayDatabase();
const stores = await Promise.all([1, 2].map(() => openStore({ url: database.url, service: 'tallies' })));
const instances = stores.map((store) =>
  createCommandHandler({
    store,
    appender: createAppender(store),
    decider: tally,
    codec: createCodec({}),
    cacheSize: 2,
  }),
);

afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await database.drop();
});

/** Sent together with others to one of the instances, twice where a caller lost patience. */
interface Sending {
  readonly stream: number;
  readonly instance: number;
  readonly command: TallyCommand;
  readonly id: number;
}

const command = fc.oneof(
  fc.constant<TallyCommand>({ type: 'OpenTally', name: '' }),
  fc.integer({ min: 1, max: 400 }).map((amount): TallyCommand => ({ type: 'Add', amount })),
  fc.integer({ min: 0, max: MOST }).map((total): TallyCommand => ({ type: 'ReachAtLeast', total })),
);

const waves = fc.array(fc.record({ stream: fc.nat(2), command }), { minLength: 1, maxLength: 25 }).chain((commands) => {
  const sending = fc
    .record({ id: fc.nat(commands.length - 1), instance: fc.nat(1) })
    .map(({ id, instance }): Sending => ({ id, instance, ...(commands[id] ?? commands[0]) }) as Sending);
  return fc.array(fc.array(sending, { minLength: 1, maxLength: 15 }), { minLength: 1, maxLength: 4 });
});

interface Row {
  readonly stream_id: string;
  readonly version: number;
  readonly event_type: string;
  readonly amount: number | null;
  readonly command_id: string;
}

const query = async <Of extends object>(text: string, scope: string): Promise<Of[]> => {
  const { rows } = (await stores[0]?.pool.query<Of>(text, [scope])) ?? { rows: [] };
  return rows;
};

it('two instances, any interleaving, any repetition: no hole, each accepted id once, no limit broken', async () => {
  const everything = fc.asyncProperty(waves, async (sent) => {
    const run = newEventId();
    const streamIds = [1, 2, 3].map(() => newEventId());
    const answers = new Map<string, CommandOutcome[]>();
    const send = async ({ stream, instance, command: given, id }: Sending): Promise<void> => {
      const streamId = streamIds[stream] ?? '';
      const named = given.type === 'OpenTally' ? { ...given, name: streamId } : given;
      const commandId = `${run}-${id}`;
      const context = { scope: run, commandId, input: named, actor: { subject: 'spec' }, correlationId: run };
      const outcome = await instances[instance]?.handle(streamId, named, context).catch((error: unknown) => {
        if (error instanceof Conflict && error.retryable) return undefined;
        throw error;
      });
      if (outcome) answers.set(commandId, [...(answers.get(commandId) ?? []), outcome]);
    };
    for (const wave of sent) await Promise.all(wave.map(send));

    const events = await query<Row>(
      `select e.stream_id, e.version::int, event_type, (data->>'amount')::int as amount, metadata->>'commandId' as command_id
       from es.events e where metadata->>'correlationId' = $1 order by stream_id, version`,
      run,
    );
    const kept = await query<{ command_id: string; version: number }>(
      'select command_id, version::int from es.commands where scope = $1',
      run,
    );
    for (const [streamId, rows] of Map.groupBy(events, (row) => row.stream_id)) {
      expect(rows.map(({ version }) => version)).toEqual(rows.map((_, at) => at + 1));
      const heads = await query<{ version: number }>(
        'select version::int from es.streams where stream_id = $1',
        streamId,
      );
      expect(heads).toEqual([{ version: rows.length }]);
      expect(rows.map(({ event_type }) => event_type).indexOf('TallyOpened')).toBe(0);
      expect(rows.reduce((sum, { amount }) => sum + (amount ?? 0), 0)).toBeLessThanOrEqual(MOST);
    }
    const perCommand = Map.groupBy(events, ({ command_id }) => command_id);
    expect([...perCommand.values()].every((rows) => rows.length === 1)).toBe(true);
    for (const [commandId, outcomes] of answers) {
      const versions = outcomes.filter(({ status }) => status !== 'rejected').map(({ version }) => version);
      const row = kept.find(({ command_id }) => command_id === commandId);
      expect(new Set(versions)).toEqual(new Set(row ? [row.version] : []));
      expect(outcomes.filter(({ status }) => status === 'accepted')).toHaveLength(row ? 1 : 0);
    }
    expect([...perCommand.keys()].every((id) => kept.some(({ command_id }) => command_id === id))).toBe(true);
  });
  await fc.assert(everything, { numRuns: 60 });
});
