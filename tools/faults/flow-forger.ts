import { setTimeout as pause } from 'node:timers/promises';
import { toMessage, topicOf } from '@tongchou/contracts';
import { newEventId } from '@tongchou/event-store';
import type pg from 'pg';
import { metadataOf, STREAM_TYPE } from './flow-facts.ts';
import type { Foreign } from './flow-foreign.ts';
import type { FlowSettings } from './flow-settings.ts';
import { untilAnswered } from './flow-writers.ts';
import { between } from './random.ts';
import type { TrialContext } from './trial.ts';

export interface ForgingPlan {
  readonly settings: FlowSettings;
  readonly foreign: Foreign;
  readonly target: pg.Pool;
  readonly many: number;
}

interface Taken {
  readonly stream: string;
  readonly version: number;
}

const BETWEEN_MS = 250;

/** A place that the listener holds already, in a stream that was not forged yet. */
async function takenPlace({ settings, target }: ForgingPlan, forged: readonly string[], place: number): Promise<Taken> {
  for (; ; await pause(BETWEEN_MS)) {
    const { rows } = await untilAnswered(() =>
      target.query<Taken>(
        `select stream_id as stream, version::int as version from es.received
          where source = $1 and stream_id <> all($2::uuid[]) order by hashint8extended(position, $3) limit 1`,
        [settings.source, forged, place],
      ),
    );
    if (rows[0]) return rows[0];
  }
}

/** Another event under a place that is taken, as somebody would send it who restored an old store, or means harm. */
export function forgedMessage(source: string, { stream, version }: Taken) {
  const eventId = newEventId();
  const fact = {
    source,
    streamId: stream,
    streamType: STREAM_TYPE,
    version,
    eventId,
    recordedAt: '2026-01-01T00:00:00.000000Z',
    metadata: metadataOf(eventId),
    event: { type: 'Measured' },
  };
  const message = toMessage(fact, { type: 'Measured', schemaVersion: 1, data: { amount: 999_999 } });
  return { eventId, message };
}

/** Forges that many events, one after the other, each in a stream of its own; answers their ids. */
export async function forge(context: TrialContext, plan: ForgingPlan): Promise<string[]> {
  const streams: string[] = [];
  const ids: string[] = [];
  for (let nth = 0; nth < plan.many; nth += 1) {
    await pause(BETWEEN_MS);
    const place = await takenPlace(plan, streams, between(context.random, 0, 1_000_000));
    const { eventId, message } = forgedMessage(plan.settings.source, place);
    // The same one again where nobody knows whether it went out: it is one forgery all the same.
    await untilAnswered(() => plan.foreign.send(topicOf(plan.settings.source), [message]));
    context.count('events forged');
    streams.push(place.stream);
    ids.push(eventId);
  }
  return ids;
}
