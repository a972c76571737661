import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { contractsOf, costSheetIdOf, projectIdOf, toMessage, topicOf } from '@tongchou/contracts';
import { newEventId } from '@tongchou/event-store';
import { openPostgresBus, type OutgoingMessage } from '@tongchou/messaging';
import { eventually, throwAwayDatabase } from '@tongchou/testing';
import { shelfId } from './shelf.fixture.ts';
import { ask, sampleCity } from './standing.fixture.ts';
import type { Standing } from './stand-up.ts';

let city: ReturnType<typeof sampleCity>;
let standing: Standing;
beforeAll(async () => {
  city = sampleCity(await throwAwayDatabase(), await throwAwayDatabase());
  standing = await city.stand();
});
afterAll(async () => {
  await standing.close();
  await city.drop();
});

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const project = projectIdOf('register', '1');
const sheet = costSheetIdOf(project);
const generation = randomUUID();

function opened(version: number): OutgoingMessage {
  const event = { type: 'CostSheetOpened', projectId: project };
  const { type, ...data } = event;
  const fact = {
    source: 'costs',
    streamId: sheet,
    streamType: 'CostSheet',
    version,
    eventId: newEventId(),
    recordedAt: '2018-08-31T00:00:00.000000Z',
    metadata: { correlationId: 'correlation', causationId: 'cause', commandId: 'command', actor: { subject: 'demo' } },
    event,
  };
  const schemaVersion = contractsOf('costs')[type]?.version ?? 1;
  const message = toMessage(fact, { type, schemaVersion, data });
  return { ...message, headers: { ...message.headers, ce_generation: generation } };
}

const operations = async (path: string, body?: object): Promise<unknown> => {
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`${standing.url}/v1/operations/${path}`, body && post);
  return response.json();
};

it('hears facts through its one handler, lets a policy answer, and parks a gap until it heals', async () => {
  const bus = await openPostgresBus({ url: city.busUrl, log });
  const topic = topicOf('costs');
  await bus.openTopic(topic);
  const at = (cursor: string) => ({ generation, cursor, epoch: 1, systemIdentifier: '1' });
  await bus.publish(topic, [opened(1), opened(3)], { from: undefined, to: at('1') });

  const books = async (): Promise<unknown> =>
    (await ask(standing.url, `{ shelf(id: "${shelfId('costs')}") { books } }`)).data?.['shelf'];
  expect(await eventually('the policy', async () => (await books()) ?? false)).toEqual({ books: 1 });
  expect(await operations('parked')).toMatchObject({ parked: [{ source: 'costs', streamId: sheet, reason: 'gap' }] });
  expect(await operations('parked/release', { source: 'costs', streamId: sheet })).toMatchObject({ released: 0 });

  await bus.publish(topic, [opened(2)], { from: at('1'), to: at('2') });
  const received = async (): Promise<boolean> => {
    const status = (await operations('status')) as { receiver: { received: number } };
    return status.receiver.received === 3;
  };
  await eventually('the gap to heal', received);
  expect(await operations('parked')).toEqual({ parked: [] });
  await bus.close();
});
