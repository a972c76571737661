import { createHash } from 'node:crypto';
import type { Fact, Tagged } from '@tongchou/kernel';

/** A UUID that is always the same for a name. */
function fixedUuid(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** The stream that these events make, as readers meet it: versions from 1, a microsecond apart, recorded by `demo`. */
export function factsOf<Event extends Tagged, Source extends string>(
  stream: { readonly source: Source; readonly streamType: string; readonly streamId: string },
  events: readonly Event[],
): Fact<Event, Source>[] {
  return events.map((event, index) => ({
    ...stream,
    version: index + 1,
    eventId: fixedUuid(`${stream.source} ${stream.streamId} ${index}`),
    recordedAt: `2018-09-01T08:00:00.${String(index).padStart(6, '0')}Z`,
    metadata: { correlationId: 'request', causationId: 'command', commandId: 'command', actor: { subject: 'demo' } },
    event,
  }));
}
