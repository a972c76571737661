import type { Cents, ReadModel } from '@tongchou/kernel';
import type { CostSheetEvent } from '../domain/cost-sheet.ts';
import type { OwnFact } from './cost-sheets.ts';

/** One fact of a cost sheet: what was said, for which period, by whom and when. */
export interface CostHistoryRow {
  readonly projectId: string;
  /** The fact's place in the sheet's stream. */
  readonly version: number;
  readonly type: string;
  readonly period: string | null;
  readonly amount: Cents | null;
  /** What stood before. */
  readonly from: Cents | null;
  /** Why: the reason of a quarantine or a closing, the reference of an approval. */
  readonly because: string | null;
  readonly recordedBy: string;
  /** The role by which they did; null in facts of former times. */
  readonly recordedAs: string | null;
  /** Who delegated it to them. */
  readonly onBehalfOf: string | null;
  readonly requestId: string;
  readonly recordedAt: string;
  readonly eventId: string;
}

const amountOf = (event: CostSheetEvent): Cents | null => {
  if (event.type === 'OverrunFlagged') return event.over;
  return 'amount' in event ? event.amount : null;
};

function becauseOf(event: CostSheetEvent): string | null {
  if ('reason' in event) return event.reason;
  return 'approval' in event ? event.approval : null;
}

/** Every fact of every cost sheet, as it was recorded. */
export const costHistory: ReadModel<CostHistoryRow, OwnFact, 'projectId' | 'version'> = {
  name: 'cost_history',
  version: 2,
  columns: {
    projectId: 'uuid',
    version: 'integer',
    type: 'text',
    period: 'date?',
    amount: 'bigint?',
    from: 'bigint?',
    because: 'text?',
    recordedBy: 'text',
    recordedAs: 'text?',
    onBehalfOf: 'text?',
    requestId: 'text',
    recordedAt: 'timestamptz',
    eventId: 'uuid',
  },
  primaryKey: ['projectId', 'version'],
  key: ({ source, event, version }) => (source === 'costs' ? { projectId: event.projectId, version } : undefined),
  fold: (_, { event, version, metadata, recordedAt, eventId }) => ({
    projectId: event.projectId,
    version,
    type: event.type,
    period: 'period' in event ? event.period : null,
    amount: amountOf(event),
    from: 'from' in event ? event.from : null,
    because: becauseOf(event),
    recordedBy: metadata.actor.subject,
    recordedAs: metadata.actor.role ?? null,
    onBehalfOf: metadata.actor.onBehalfOf ?? null,
    requestId: metadata.correlationId,
    recordedAt,
    eventId,
  }),
};
