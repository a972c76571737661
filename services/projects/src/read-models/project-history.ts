import type { ReadModel } from '@tongchou/kernel';
import { projectOf } from './heard.ts';
import type { HeardFact } from './heard.ts';
import { costsInWords, ownInWords } from './summary.ts';

/** One fact of a project, own or of another service: what, who, when, and its place in its stream. */
export interface HistoryRow {
  readonly projectId: string;
  readonly source: string;
  readonly streamId: string;
  readonly version: number;
  readonly streamType: string;
  readonly type: string;
  /** What counting by type does not tell: `LATER`, `EARLIER`, `BACKWARD`. */
  readonly direction: string | null;
  readonly period: string | null;
  readonly summary: string;
  readonly recordedBy: string;
  /** The role by which they did; null in facts of former times. */
  readonly recordedAs: string | null;
  /** Who delegated it to them. */
  readonly onBehalfOf: string | null;
  readonly requestId: string;
  readonly recordedAt: string;
  readonly effectiveOn: string | null;
  readonly eventId: string;
}

function directionOf({ event }: HeardFact): string | null {
  if (event.type === 'FinishForecastRevised') return event.slipDays > 0 ? 'LATER' : 'EARLIER';
  return event.type === 'PhaseChanged' && event.backward ? 'BACKWARD' : null;
}

/** Every fact of every project, as it was recorded. */
export const projectHistory: ReadModel<HistoryRow, HeardFact, 'projectId' | 'source' | 'streamId' | 'version'> = {
  name: 'project_history',
  version: 2,
  columns: {
    projectId: 'uuid',
    source: 'text',
    streamId: 'uuid',
    version: 'integer',
    streamType: 'text',
    type: 'text',
    direction: 'text?',
    period: 'date?',
    summary: 'text',
    recordedBy: 'text',
    recordedAs: 'text?',
    onBehalfOf: 'text?',
    requestId: 'text',
    recordedAt: 'timestamptz',
    effectiveOn: 'date?',
    eventId: 'uuid',
  },
  primaryKey: ['projectId', 'source', 'streamId', 'version'],
  key: (fact) => ({
    projectId: projectOf(fact),
    source: fact.source,
    streamId: fact.streamId,
    version: fact.version,
  }),
  fold: (_, fact) => ({
    projectId: projectOf(fact),
    source: fact.source,
    streamId: fact.streamId,
    version: fact.version,
    streamType: fact.streamType,
    type: fact.event.type,
    direction: directionOf(fact),
    period: 'period' in fact.event ? fact.event.period : null,
    summary: fact.source === 'costs' ? costsInWords(fact.event) : ownInWords(fact.event),
    recordedBy: fact.metadata.actor.subject,
    recordedAs: fact.metadata.actor.role ?? null,
    onBehalfOf: fact.metadata.actor.onBehalfOf ?? null,
    requestId: fact.metadata.correlationId,
    recordedAt: fact.recordedAt,
    effectiveOn: fact.metadata.effectiveOn ?? null,
    eventId: fact.eventId,
  }),
};
