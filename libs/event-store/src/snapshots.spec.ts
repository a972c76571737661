import { afterAll, describe, expect, it } from '@jest/globals';
import { throwAwayDatabase } from '@tongchou/testing';
import { createAppender } from './append.ts';
import { createCodec } from './codec.ts';
import { createCommandHandler } from './command-handler.ts';
import type { CommandContext } from './command-outcome.ts';
import { newEventId } from './identity.ts';
import { jsonToState, stateToJson } from './state-json.ts';
import { openStore } from './store.ts';
import { tally, type TallyEvent } from './tally.fixture.ts';

const database = await throwAwayDatabase();
const store = await openStore({ url: database.url, service: 'tallies' });
const appender = createAppender(store);

afterAll(async () => {
  await store.close();
  await database.drop();
});

/** A handler with an empty cache, and how many events it folded. */
function fresh(foldVersion = 1) {
  const folded: TallyEvent[] = [];
  const decider = {
    ...tally,
    foldVersion,
    evolve: (state: typeof tally.initial, event: TallyEvent) => {
      folded.push(event);
      return tally.evolve(state, event);
    },
  };
  return { folded, handler: createCommandHandler({ store, appender, decider, codec: createCodec({}) }) };
}

const context = (): CommandContext => ({
  scope: 'spec',
  commandId: newEventId(),
  input: {},
  actor: { subject: 'spec' },
  correlationId: 'c',
});

/** A stream of so many events. */
async function grown(events: number): Promise<string> {
  const { handler } = fresh();
  const streamId = newEventId();
  await handler.handle(streamId, { type: 'OpenTally', name: streamId }, context());
  const adds = Array.from({ length: events - 1 }, (_, at) =>
    handler.handle(streamId, { type: 'Add', amount: 1, note: `n${at}` }, context()),
  );
  await Promise.all(adds);
  return streamId;
}

const snapshotOf = async (streamId: string): Promise<{ version: number; fold_version: number } | undefined> => {
  const { rows } = await store.pool.query<{ version: number; fold_version: number }>(
    'select version::int, fold_version from es.snapshots where stream_id = $1',
    [streamId],
  );
  return rows[0];
};

async function untilSnapshot(streamId: string, foldVersion = 1): Promise<number> {
  for (let left = 500; left > 0; left -= 1) {
    const found = await snapshotOf(streamId);
    if (found?.fold_version === foldVersion) return found.version;
  }
  throw new Error('no snapshot came');
}

describe('a snapshot', () => {
  it('is not made of a stream of 200 events', async () => {
    const streamId = await grown(200);
    await fresh().handler.load(streamId);
    expect(await snapshotOf(streamId)).toBeUndefined();
  });

  it('is made above 200 folded events, and saves folding them again', async () => {
    const streamId = await grown(260);
    const version = await untilSnapshot(streamId);
    expect(version).toBeGreaterThan(200);
    const { handler, folded } = fresh();
    const { state } = await handler.load(streamId);
    expect(folded).toHaveLength(260 - version);
    expect(state).toMatchObject({ total: 259, name: streamId });
    expect(state.notes.get('n258')).toBe(1);
    expect(state.notes.size).toBe(259);
  });

  it('of another version of the fold is not read, and replaced', async () => {
    const streamId = await grown(260);
    await untilSnapshot(streamId);
    const { handler, folded } = fresh(2);
    expect(await handler.load(streamId)).toMatchObject({ version: 260, state: { total: 259 } });
    expect(folded).toHaveLength(260);
    expect(await untilSnapshot(streamId, 2)).toBe(260);
  });

  it('that cannot be read is discarded: history is folded without it', async () => {
    const streamId = await grown(260);
    const version = await untilSnapshot(streamId);
    await store.pool.query(`update es.snapshots set state = '{"notes":{"$map":[1]}}' where stream_id = $1`, [streamId]);
    const { handler, folded } = fresh();
    expect(await handler.load(streamId)).toMatchObject({ version: 260, state: { total: 259 } });
    expect(folded).toHaveLength(260);
    for (let left = 500; left > 0 && (await snapshotOf(streamId))?.version === version; left -= 1);
    const again = fresh();
    expect(await again.handler.load(streamId)).toMatchObject({ version: 260, state: { total: 259 } });
    expect(again.folded).toHaveLength(0);
  });
});

describe('a state as JSON', () => {
  it('comes back as it was, maps and sets included', () => {
    const state = { map: new Map([['a', new Set([1, 2])]]), list: [{ deep: null }], no: undefined, yes: true };
    const json: unknown = JSON.parse(JSON.stringify(stateToJson(state)));
    expect(jsonToState(json)).toEqual({ map: state.map, list: state.list, yes: true });
  });

  it('is refused where it would come back as something else', () => {
    for (const odd of [new Date(), () => 1, 1n, Number.NaN, [undefined], new Map([['a', undefined]])]) {
      expect(() => stateToJson({ odd })).toThrow('cannot carry');
    }
  });
});
