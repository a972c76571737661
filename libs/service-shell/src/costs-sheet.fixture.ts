import { randomUUID } from 'node:crypto';
import { contractsOf, costSheetIdOf, projectIdOf, toMessage, topicOf, toWatermarkMessage } from '@tongchou/contracts';
import { newEventId } from '@tongchou/event-store';
import { openPostgresBus, PARTITIONS, type OutgoingMessage, type RelayCheckpoint } from '@tongchou/messaging';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const project = projectIdOf('register', '1');
export const sheet = costSheetIdOf(project);
const generation = randomUUID();

const ofThisLife = (message: OutgoingMessage): OutgoingMessage => ({
  ...message,
  headers: { ...message.headers, ce_generation: generation },
});

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
  return ofThisLife(toMessage(fact, { type, schemaVersion, data }));
}

/** The service costs as the bus knows it: tells facts of one sheet, by their versions, and watermarks. */
export async function costsAt(busUrl: string) {
  const bus = await openPostgresBus({ url: busUrl, log });
  const topic = topicOf('costs');
  await bus.openTopic(topic);
  let last: RelayCheckpoint | undefined;
  const publish = async (messages: readonly OutgoingMessage[]): Promise<void> => {
    const to = { generation, cursor: String(Number(last?.cursor ?? 0) + 1), epoch: 1, systemIdentifier: '1' };
    await bus.publish(topic, messages, { from: last, to });
    last = to;
  };
  return {
    tell: (...versions: readonly number[]): Promise<void> => publish(versions.map(opened)),
    /** Everything up to now has been told, on every partition. */
    mark: (): Promise<void> => {
      const message = toWatermarkMessage('costs', newEventId(), {
        closedInstant: new Date().toISOString(),
        generation,
      });
      return publish(Array.from({ length: PARTITIONS }, (_, partition) => ofThisLife({ ...message, partition })));
    },
    close: (): Promise<void> => bus.close(),
  };
}
