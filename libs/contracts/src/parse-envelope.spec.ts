import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { isoDate } from '@tongchou/kernel';
import type { Fact } from '@tongchou/kernel';
import fc from 'fast-check';
import { costsContracts } from './costs.ts';
import { toMessage, toWatermarkMessage } from './envelope.ts';
import type { MessageHeaders } from './parse-envelope.ts';
import { costSheetIdOf } from './natural-ids.ts';
import { parseEnvelope } from './parse-envelope.ts';

const data = costsContracts.BudgetRevised.example;

const fact: Fact = {
  source: 'costs',
  streamId: costSheetIdOf(data.projectId),
  streamType: 'CostSheet',
  version: 3,
  eventId: '01920000-0000-7000-8000-000000000001',
  recordedAt: '2018-09-01T08:00:00.000123Z',
  metadata: {
    correlationId: 'request-1',
    causationId: 'row-17',
    commandId: 'row-17',
    actor: { subject: '张伟', role: 'cost-engineer', onBehalfOf: '李娜' },
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    effectiveOn: isoDate('2018-08-31'),
  },
  event: { type: 'BudgetRevised', ...data },
};

const message = toMessage(fact, { type: 'BudgetRevised', schemaVersion: 1, data });

const parsedWith = (changed: Record<string, string | string[] | undefined>) => {
  const headers = { ...message.headers, ...changed };
  const kept = Object.entries(headers).filter(([, value]) => value !== undefined);
  return parseEnvelope(Object.fromEntries(kept), message.value, message.key);
};

describe('an envelope', () => {
  it('is CloudEvents 1.0 in binary mode', () => {
    expect(message.key).toBe(fact.streamId);
    expect(message.headers).toMatchObject({
      ce_specversion: '1.0',
      ce_source: '/costs',
      ce_type: 'city.costs.BudgetRevised.v1',
      ce_subject: fact.streamId,
      ce_dataschema: 'urn:tongchou:schema:costs:BudgetRevised.v1',
      ce_sequence: '3',
      ce_partitionkey: fact.streamId,
      ce_streamtype: 'CostSheet',
      'content-type': 'application/json',
      correlationid: 'request-1',
    });
    expect(JSON.parse(message.value.toString())).toEqual(data);
  });

  it('comes back as it went, headers as text or as bytes', () => {
    const { event, ...place } = fact;
    const expected = { kind: 'fact', ...place, type: event.type, schemaVersion: 1, data };
    expect(parseEnvelope(message.headers, message.value, message.key)).toEqual(expected);
    const bytes = Object.entries(message.headers).map(([name, text]) => [name, Buffer.from(text)]);
    expect(parseEnvelope(Object.fromEntries(bytes), message.value, Buffer.from(fact.streamId))).toEqual(expected);
  });

  it('of former times has an actor without role and delegation', () => {
    expect(parsedWith({ ce_actorrole: undefined, ce_actoronbehalfof: undefined })).toMatchObject({
      kind: 'fact',
      metadata: { actor: { subject: '张伟' } },
    });
  });

  it('carries a private event without its data', () => {
    const bare = toMessage(fact, undefined);
    expect(bare.value).toHaveLength(0);
    expect(bare.headers).not.toHaveProperty('ce_dataschema');
    expect(parseEnvelope(bare.headers, bare.value, bare.key)).toMatchObject({
      kind: 'fact',
      version: 3,
      data: undefined,
    });
  });

  it.each<[string, Record<string, string | string[] | undefined>]>([
    ['ce_sequence is "0", not a version from 1', { ce_sequence: '0' }],
    ['ce_sequence is missing', { ce_sequence: undefined }],
    ['ce_sequence is "9999999999999999", not a version from 1', { ce_sequence: '9999999999999999' }],
    ['ce_id is "7", not a UUID in lower case', { ce_id: '7' }],
    ['ce_id is given more than once', { ce_id: [fact.eventId, fact.eventId] }],
    ['ce_time is "yesterday", not an instant in UTC (RFC 3339)', { ce_time: 'yesterday' }],
    ['ce_time is "2018-13-01T00:00:00Z", not an instant in UTC (RFC 3339)', { ce_time: '2018-13-01T00:00:00Z' }],
    ['ce_streamtype is missing', { ce_streamtype: undefined }],
    ['ce_actor is "", not a filled text', { ce_actor: '' }],
    ['ce_actorrole is "", not a filled text', { ce_actorrole: '' }],
    ['ce_actoronbehalfof is given more than once', { ce_actoronbehalfof: ['a', 'b'] }],
    ['ce_effectiveon is "2018-02-30", not a day', { ce_effectiveon: '2018-02-30' }],
    [`ce_partitionkey is "x", not the stream that ce_subject names`, { ce_partitionkey: 'x' }],
    ['ce_dataschema is "urn:other", not urn:tongchou:schema:costs:BudgetRevised.v1', { ce_dataschema: 'urn:other' }],
    ['ce_dataschema is missing', { ce_dataschema: undefined }],
  ])('that breaks its form names its stream and: %s', (reason, changed) => {
    expect(parsedWith(changed)).toEqual({ kind: 'breach', source: 'costs', streamId: fact.streamId, reason });
  });

  it('whose key is another stream is a breach', () => {
    expect(parseEnvelope(message.headers, message.value, randomUUID())).toMatchObject({
      kind: 'breach',
      reason: 'the key is not the stream that ce_subject names',
    });
  });

  it.each<[string, Record<string, string | string[] | undefined>, Buffer | null]>([
    ['there is no value', {}, null],
    ['the value is not JSON in UTF-8', {}, Buffer.from('{"amount":')],
    ['the value is not JSON in UTF-8', {}, Buffer.from([0x7b, 0xff, 0x7d])],
    ['the value is no object', {}, Buffer.from('[1]')],
    ['ce_specversion is "0.3", not 1.0', { ce_specversion: '0.3' }, message.value],
    ['ce_type is "BudgetRevised", not city.<service>.<Type>.v<N>', { ce_type: 'BudgetRevised' }, message.value],
    ['ce_source is "/projects", not /costs, which its type names', { ce_source: '/projects' }, message.value],
    ['ce_subject is "7", not the id of a stream, a UUID in lower case', { ce_subject: '7' }, message.value],
  ])('that nobody can read says why: %s', (reason, changed, value) => {
    const headers: MessageHeaders = { ...message.headers, ...changed };
    expect(parseEnvelope(headers, value)).toEqual({ kind: 'unreadable', reason });
  });

  it('never throws, whatever comes', () => {
    const names = fc.constantFrom(...Object.keys(message.headers), '__proto__', 'x');
    const headers = fc.dictionary(names, fc.oneof(fc.string(), fc.uint8Array(), fc.array(fc.string())));
    const value = fc.oneof(
      fc.constant(null),
      fc.uint8Array(),
      fc.json().map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(headers, value, fc.boolean(), (given, body, complete) => {
        const parsed = parseEnvelope(complete ? { ...message.headers, ...given } : given, body);
        expect(['fact', 'watermark', 'unreadable', 'breach']).toContain(parsed.kind);
      }),
    );
  });
});

describe('a watermark', () => {
  const watermark = { closedInstant: '2018-09-01T08:00:00.5Z', generation: randomUUID() };
  const sent = toWatermarkMessage('costs', randomUUID(), watermark);

  it('has no subject, key or sequence, and comes back as it went', () => {
    expect(sent.key).toBeNull();
    expect(Object.keys(sent.headers)).not.toEqual(expect.arrayContaining(['ce_subject']));
    expect(parseEnvelope(sent.headers, sent.value, null)).toEqual({ kind: 'watermark', source: 'costs', ...watermark });
  });

  it('that says nothing sensible is unreadable', () => {
    const broken = Buffer.from(JSON.stringify({ ...watermark, closedInstant: 'now' }));
    expect(parseEnvelope(sent.headers, broken)).toEqual({ kind: 'unreadable', reason: 'closedInstant is no instant' });
  });
});
