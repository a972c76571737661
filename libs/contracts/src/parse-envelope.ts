import { isUuid, parseIsoDate } from '@tongchou/kernel';
import type { FactMetadata } from '@tongchou/kernel';
import { dataSchemaOf } from './envelope.ts';
import type { Watermark } from './envelope.ts';

type HeaderValue = string | Uint8Array;

/** Headers as a bus gives them: texts or bytes, doubled ones as a list. */
export type MessageHeaders = Readonly<Record<string, HeaderValue | readonly HeaderValue[] | undefined>>;

/** A fact of another service as it came: its place in its stream, who said so, and data that no contract has seen yet. */
export interface Envelope {
  readonly kind: 'fact';
  readonly source: string;
  readonly streamId: string;
  readonly streamType: string;
  readonly version: number;
  readonly eventId: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly recordedAt: string;
  readonly metadata: FactMetadata;
  /** `undefined` for an envelope without data: a private event of the other service. */
  readonly data: object | undefined;
}

/**
 * What a message turned out to be. `unreadable` names no stream and is parked alone; `breach` names its stream, which is
 * parked with all that follows in it.
 */
export type ParsedMessage =
  | Envelope
  | ({ readonly kind: 'watermark'; readonly source: string } & Watermark)
  | { readonly kind: 'unreadable'; readonly reason: string }
  | { readonly kind: 'breach'; readonly source: string; readonly streamId: string; readonly reason: string };

const TYPE = /^city\.([a-z][a-z0-9-]*)\.([A-Z][A-Za-z0-9]*)\.v([1-9][0-9]{0,4})$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/;
const SEQUENCE = /^[1-9]\d{0,15}$/;

class Unfit extends Error {}

const text = (value: HeaderValue): string => (typeof value === 'string' ? value : Buffer.from(value).toString('utf8'));

/** One attribute, or the reason why there is none to read. */
function attribute(headers: MessageHeaders, name: string): string {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  if (value === undefined) throw new Unfit(`${name} is missing`);
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) throw new Unfit(`${name} is given more than once`);
  return text(value);
}

function matching(headers: MessageHeaders, name: string, allowed: string, fits: (value: string) => boolean): string {
  const value = attribute(headers, name);
  if (!fits(value)) throw new Unfit(`${name} is ${JSON.stringify(value.slice(0, 100))}, not ${allowed}`);
  return value;
}

const optional = <Name extends string>(headers: MessageHeaders, name: string, as: Name): { [N in Name]?: string } =>
  Object.hasOwn(headers, name) ? ({ [as]: attribute(headers, name) } as { [N in Name]?: string }) : {};

const isInstant = (value: string): boolean => INSTANT.test(value) && !Number.isNaN(Date.parse(value));

const filled = (headers: MessageHeaders, name: string): string =>
  matching(headers, name, 'a filled text', (value) => value !== '');

/** Messages of former times have no such attribute; one that is given must say something. */
const optionalFilled = <Name extends string>(
  headers: MessageHeaders,
  name: string,
  as: Name,
): { [N in Name]?: string } =>
  Object.hasOwn(headers, name) ? ({ [as]: filled(headers, name) } as { [N in Name]?: string }) : {};

function effectiveOn(headers: MessageHeaders): Pick<FactMetadata, 'effectiveOn'> {
  if (!Object.hasOwn(headers, 'ce_effectiveon')) return {};
  const given = attribute(headers, 'ce_effectiveon');
  const day = parseIsoDate(given);
  if (day === undefined) throw new Unfit(`ce_effectiveon is ${JSON.stringify(given.slice(0, 100))}, not a day`);
  return { effectiveOn: day };
}

function metadataOf(headers: MessageHeaders): FactMetadata {
  return {
    correlationId: filled(headers, 'correlationid'),
    causationId: filled(headers, 'causationid'),
    commandId: filled(headers, 'ce_commandid'),
    actor: {
      subject: filled(headers, 'ce_actor'),
      ...optionalFilled(headers, 'ce_actorrole', 'role'),
      ...optionalFilled(headers, 'ce_actoronbehalfof', 'onBehalfOf'),
    },
    ...optional(headers, 'traceparent', 'traceparent'),
    ...effectiveOn(headers),
  };
}

function objectOf(value: Uint8Array): object {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(value));
  } catch {
    throw new Unfit('the value is not JSON in UTF-8');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new Unfit('the value is no object');
  return parsed;
}

/** The service and type that a message names; refuses one that speaks for another service. */
function speaker(headers: MessageHeaders): { source: string; type: string; schemaVersion: number } {
  matching(headers, 'ce_specversion', '1.0', (value) => value === '1.0');
  const [, service = '', type = '', version = ''] =
    TYPE.exec(matching(headers, 'ce_type', 'city.<service>.<Type>.v<N>', (value) => TYPE.test(value))) ?? [];
  matching(headers, 'ce_source', `/${service}, which its type names`, (value) => value === `/${service}`);
  return { source: service, type, schemaVersion: Number(version) };
}

function watermarkOf(source: string, value: Uint8Array): ParsedMessage {
  const { closedInstant, generation } = objectOf(value) as Partial<Record<keyof Watermark, unknown>>;
  if (typeof closedInstant !== 'string' || !isInstant(closedInstant)) throw new Unfit('closedInstant is no instant');
  if (typeof generation !== 'string' || !isUuid(generation)) throw new Unfit('generation is no UUID');
  return { kind: 'watermark', source, closedInstant, generation };
}

/** Data goes with its schema, both or neither: an envelope without them is a private event. */
function dataOf(headers: MessageHeaders, schema: string, data: object | undefined): object | undefined {
  if (data === undefined && !Object.hasOwn(headers, 'ce_dataschema')) return undefined;
  if (data === undefined) throw new Unfit('ce_dataschema is given, but there is no data');
  matching(headers, 'ce_dataschema', schema, (value) => value === schema);
  return data;
}

function keyFits(key: HeaderValue | null | undefined, streamId: string): void {
  if (key === undefined) return;
  if (key === null || text(key) !== streamId) throw new Unfit('the key is not the stream that ce_subject names');
}

function factOf(
  headers: MessageHeaders,
  { source, type, schemaVersion }: ReturnType<typeof speaker>,
  streamId: string,
  data: object | undefined,
): Envelope {
  matching(headers, 'ce_partitionkey', 'the stream that ce_subject names', (value) => value === streamId);
  return {
    kind: 'fact',
    source,
    streamId,
    streamType: filled(headers, 'ce_streamtype'),
    version: Number(
      matching(headers, 'ce_sequence', 'a version from 1', (v) => SEQUENCE.test(v) && Number.isSafeInteger(Number(v))),
    ),
    eventId: matching(headers, 'ce_id', 'a UUID in lower case', isUuid),
    type,
    schemaVersion,
    recordedAt: matching(headers, 'ce_time', 'an instant in UTC (RFC 3339)', isInstant),
    metadata: metadataOf(headers),
    data: dataOf(headers, dataSchemaOf(source, type, schemaVersion), data),
  };
}

/**
 * Reads a message of CloudEvents 1.0 in Kafka's binary mode. Never throws: what does not fit is answered with its exact
 * reason. `key`, where given, must be the stream's id. Contracts are checked later, by `decodePublic`.
 */
export function parseEnvelope(
  headers: MessageHeaders,
  value: Uint8Array | null,
  key?: HeaderValue | null,
): ParsedMessage {
  const unfit = (reason: unknown): string => {
    if (reason instanceof Unfit) return reason.message;
    throw reason;
  };
  try {
    if (value === null) throw new Unfit('there is no value');
    const named = speaker(headers);
    if (named.type === 'Watermark') return watermarkOf(named.source, value);
    const streamId = matching(headers, 'ce_subject', 'the id of a stream, a UUID in lower case', isUuid);
    const data = value.length === 0 ? undefined : objectOf(value);
    try {
      keyFits(key, streamId);
      return factOf(headers, named, streamId, data);
    } catch (reason) {
      return { kind: 'breach', source: named.source, streamId, reason: unfit(reason) };
    }
  } catch (reason) {
    return { kind: 'unreadable', reason: unfit(reason) };
  }
}
