import { randomUUID } from 'node:crypto';
import { contractsOf, costSheetIdOf, projectIdOf, toMessage, topicOf } from '@tongchou/contracts';
import { newEventId } from '@tongchou/event-store';
import { openPostgresBus, type OutgoingMessage, type RelayCheckpoint } from '@tongchou/messaging';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const project = projectIdOf('register', '1');
export const sheet = costSheetIdOf(project);
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

/** The service costs as the bus knows it: tells facts of one sheet, by their versions. */
export async function costsAt(busUrl: string) {
  const bus = await openPostgresBus({ url: busUrl, log });
  const topic = topicOf('costs');
  await bus.openTopic(topic);
  let last: RelayCheckpoint | undefined;
  return {
    async tell(...versions: readonly number[]): Promise<void> {
      const to = { generation, cursor: String(Number(last?.cursor ?? 0) + 1), epoch: 1, systemIdentifier: '1' };
      await bus.publish(topic, versions.map(opened), { from: last, to });
      last = to;
    },
    close: (): Promise<void> => bus.close(),
  };
}
