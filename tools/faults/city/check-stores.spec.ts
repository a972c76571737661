import { expect, it } from '@jest/globals';
import { checkStores } from './check-stores.ts';
import type { Acknowledged, Expected } from './step.ts';
import type { Store, StoredEvent } from './stores.ts';

const event = (version: number, commandId: string | null, xid = String(version)): StoredEvent => ({
  streamId: 's',
  version,
  eventId: `event-${version}`,
  type: 'StatusConfirmed',
  commandId,
  xid,
});

function storeOf(events: readonly StoredEvent[], received: Store['received'] = []): Store {
  const commands = new Map(
    events.flatMap(({ commandId, streamId, version }) =>
      commandId === null ? [] : [[commandId, { commandId, streamId, version }] as const],
    ),
  );
  const streams = new Map(events.length > 0 ? [['s', events.length]] : []);
  return { events, commands: [...commands.values()], streams, received, parked: 0 };
}

const heard = (events: readonly StoredEvent[]): Store['received'] =>
  events.map(({ streamId, version, eventId }) => ({ source: 'projects', streamId, version, eventId }));

function told(key: string, version: number, expected: Expected = { kind: 'facts', version }): Acknowledged {
  const answer = { status: 'accepted', consistencyToken: `projects:Project:s@${version}` } as const;
  const step = { service: 'projects', command: 'ConfirmStatus', key, input: {}, streamId: 's', expected } as const;
  return { ...step, answer, tries: 1, ms: 1 };
}

const kept = [event(1, 'a'), event(2, 'b')];
const both = (projects: Store, received = heard(projects.events)) => ({ projects, costs: storeOf([], received) });

it('finds nothing where everything acknowledged is kept once and received', () => {
  expect(checkStores({ acknowledged: [told('a', 1), told('b', 2)] }, both(storeOf(kept)))).toEqual([]);
});

it('finds what was acknowledged and is lost, or stands elsewhere than it was told', () => {
  const lost = checkStores({ acknowledged: [told('c', 3)] }, both(storeOf(kept)));
  expect(lost).toEqual(['c was acknowledged and is lost']);
  const moved = checkStores({ acknowledged: [told('a', 2)] }, both(storeOf(kept)));
  expect(moved).toEqual(['a was told version 2, the store says 1']);
});

it('finds what was refused and done all the same', () => {
  const refused = { ...told('a', 1), answer: { status: 'rejected', code: 'ProjectCancelled' } as const };
  expect(checkStores({ acknowledged: [refused] }, both(storeOf(kept)))).toEqual(['a was refused and has 1 facts']);
});

it('finds a command that two transactions did, and a stream with a hole', () => {
  expect(checkStores({ acknowledged: [] }, both(storeOf([event(1, 'a'), event(2, 'a')])))).toEqual([
    'a was done 2 times',
  ]);
  expect(checkStores({ acknowledged: [] }, both(storeOf([event(1, 'a'), event(3, 'b')])))).toEqual([
    'stream s has version 3 out of order',
  ]);
});

it('finds facts that were not received, received as others, or never said', () => {
  const store = storeOf(kept);
  const [first, second] = heard(kept);
  if (!first || !second) throw new Error('Two facts were kept');
  const of = (received: Store['received']) => checkStores({ acknowledged: [] }, both(store, received));
  expect(of([first])).toEqual(['StatusConfirmed s@2 of projects was not received']);
  expect(of([first, { ...second, eventId: 'other' }])).toEqual(['s@2 of projects was received as another event']);
  expect(of([first, second, { ...second, version: 3 }])).toEqual(['1 facts were received that projects never said']);
});
