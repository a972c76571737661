import type { Fact } from '@tongchou/kernel';
import type { PublicFact } from './contract.ts';

/** A message as both buses carry it: CloudEvents 1.0, Kafka binary mode. */
export interface EnvelopedMessage {
  /** The stream's id: all facts of a stream share a partition. `null` for a watermark, which names its partition. */
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON in UTF-8; empty for an envelope without data. */
  readonly value: Buffer;
}

/** What a topic tells of itself: everything recorded up to the instant has been sent before. */
export interface Watermark {
  readonly closedInstant: string;
  readonly generation: string;
}

/** The topic that a service's facts travel on. */
export const topicOf = (service: string): string => `${service}.events.v1`;

/** The name of a schema for ever, also the `$id` of its printed JSON Schema. */
export const dataSchemaOf = (service: string, type: string, version: number): string =>
  `urn:tongchou:schema:${service}:${type}.v${version}`;

export const cloudEventType = (service: string, type: string, version: number): string =>
  `city.${service}.${type}.v${version}`;

/**
 * A fact as a message. Without `published` (a private event) it travels as an envelope without data and without
 * `ce_dataschema`, so that versions stay gapless for whoever listens.
 */
export function toMessage(fact: Fact, published: PublicFact | undefined): EnvelopedMessage {
  const { source, streamId, metadata } = fact;
  const type = published?.type ?? fact.event.type;
  const version = published?.schemaVersion ?? 1;
  return {
    key: streamId,
    headers: {
      ce_specversion: '1.0',
      ce_id: fact.eventId,
      ce_source: `/${source}`,
      ce_type: cloudEventType(source, type, version),
      ce_subject: streamId,
      ce_time: fact.recordedAt,
      ...(published && { ce_dataschema: dataSchemaOf(source, type, version), 'content-type': 'application/json' }),
      ce_sequence: String(fact.version),
      ce_partitionkey: streamId,
      ce_streamtype: fact.streamType,
      ce_actor: metadata.actor.subject,
      ...(metadata.actor.role !== undefined && { ce_actorrole: metadata.actor.role }),
      ...(metadata.actor.onBehalfOf !== undefined && { ce_actoronbehalfof: metadata.actor.onBehalfOf }),
      ce_commandid: metadata.commandId,
      ...(metadata.effectiveOn !== undefined && { ce_effectiveon: metadata.effectiveOn }),
      correlationid: metadata.correlationId,
      causationid: metadata.causationId,
      ...(metadata.traceparent !== undefined && { traceparent: metadata.traceparent }),
    },
    value: published ? Buffer.from(JSON.stringify(published.data)) : Buffer.alloc(0),
  };
}

/** A watermark as a message: no subject, key or sequence; it goes to every partition. */
export function toWatermarkMessage(service: string, eventId: string, watermark: Watermark): EnvelopedMessage {
  return {
    key: null,
    headers: {
      ce_specversion: '1.0',
      ce_id: eventId,
      ce_source: `/${service}`,
      ce_type: cloudEventType(service, 'Watermark', 1),
      ce_time: watermark.closedInstant,
      'content-type': 'application/json',
    },
    value: Buffer.from(JSON.stringify(watermark)),
  };
}
