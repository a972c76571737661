import type { Fact, ReadModel } from '@tongchou/kernel';
import type { ProjectEvent } from '../domain/project.ts';

/** One slip of a work's finish. The slips of a work sum to the days between its baseline and its forecast. */
export interface DelayRow {
  readonly projectId: string;
  /** The fact's place in the project's stream. */
  readonly version: number;
  readonly period: string;
  readonly finishBefore: string;
  readonly finishAfter: string;
  /** Negative when the finish comes earlier. */
  readonly days: number;
  /** The reason's code, or `Unexplained`. */
  readonly reason: string;
  readonly recordedBy: string;
  /** The role by which they did; null in facts of former times. */
  readonly recordedAs: string | null;
  /** Who delegated it to them. */
  readonly onBehalfOf: string | null;
  readonly requestId: string;
  readonly reportedAt: string;
}

type Slip = Fact<Extract<ProjectEvent, { type: 'FinishForecastRevised' }>, 'projects'>;

/** 延误台账: how often a finish slipped, by how much, and why. Late corrections and quarantined forecasts are no slips. */
export const delayLedger: ReadModel<DelayRow, Slip, 'projectId' | 'version'> = {
  name: 'delay_ledger',
  version: 2,
  columns: {
    projectId: 'uuid',
    version: 'integer',
    period: 'date',
    finishBefore: 'date',
    finishAfter: 'date',
    days: 'integer',
    reason: 'text',
    recordedBy: 'text',
    recordedAs: 'text?',
    onBehalfOf: 'text?',
    requestId: 'text',
    reportedAt: 'timestamptz',
  },
  primaryKey: ['projectId', 'version'],
  key: ({ source, streamId, version, event }) =>
    source === 'projects' && event.type === 'FinishForecastRevised' ? { projectId: streamId, version } : undefined,
  fold: (_, { streamId, version, event, metadata, recordedAt }) => ({
    projectId: streamId,
    version,
    period: event.period,
    finishBefore: event.from,
    finishAfter: event.finish,
    days: event.slipDays,
    reason: event.reason ?? 'Unexplained',
    recordedBy: metadata.actor.subject,
    recordedAs: metadata.actor.role ?? null,
    onBehalfOf: metadata.actor.onBehalfOf ?? null,
    requestId: metadata.correlationId,
    reportedAt: recordedAt,
  }),
};
