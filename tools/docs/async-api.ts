import { cloudEventType, contractsOf, dataSchemaOf, publishingServices, topicOf } from '@tongchou/contracts';
import { schemaPath } from './json-schemas.ts';

const text = (description: string, more: object = {}): object => ({ type: 'string', description, ...more });

const FACT_HEADERS = {
  type: 'object',
  required: [
    ...['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_subject', 'ce_time', 'ce_sequence', 'ce_partitionkey'],
    ...['ce_streamtype', 'ce_actor', 'ce_commandid', 'correlationid', 'causationid', 'generation'],
  ],
  properties: {
    ce_specversion: text('CloudEvents version', { const: '1.0' }),
    ce_id: text("The event's id", { format: 'uuid' }),
    ce_source: text('The service whose fact it is, as /service'),
    ce_type: text('city.<service>.<Type>.v<N>'),
    ce_subject: text('The stream', { format: 'uuid' }),
    ce_time: text('When it was recorded', { format: 'date-time' }),
    ce_dataschema: text('The schema of the data; absent = an event without data for others'),
    ce_sequence: text('Version in the stream, from 1, no gaps', { pattern: '^[1-9][0-9]*$' }),
    ce_partitionkey: text('The stream again', { format: 'uuid' }),
    ce_streamtype: text('Kind of stream, e.g. Project'),
    ce_actor: text('Who acted'),
    ce_actorrole: text('As what they acted; absent in facts of former times'),
    ce_actoronbehalfof: text('Who delegated it to them'),
    ce_commandid: text('The command that it came of'),
    ce_effectiveon: text('When it was true in the world, where that differs', { format: 'date' }),
    correlationid: text('The request that it belongs to'),
    causationid: text('The command or event that it answers'),
    traceparent: text('W3C trace context'),
    generation: text("The topic's present life: offsets mean nothing across two", { format: 'uuid' }),
  },
};

const WATERMARK = {
  name: 'Watermark',
  title: 'Watermark',
  summary: 'Everything recorded up to closedInstant has been sent before, in this partition. Once a second.',
  contentType: 'application/json',
  payload: {
    type: 'object',
    required: ['closedInstant', 'generation'],
    properties: {
      closedInstant: text('Nothing recorded before it can still come', { format: 'date-time' }),
      generation: text("The topic's present life", { format: 'uuid' }),
    },
  },
};

const reference = (path: string): { $ref: string } => ({ $ref: path });

function messagesOf(service: string): Record<string, object> {
  const facts = Object.entries(contractsOf(service)).map(([type, { version, description, example }]) => [
    `${service}.${type}`,
    {
      name: cloudEventType(service, type, version),
      title: type,
      summary: description,
      contentType: 'application/json',
      headers: reference('#/components/schemas/FactHeaders'),
      payload: {
        schemaFormat: 'application/schema+json;version=draft-2020-12',
        schema: reference(`./${schemaPath(service, type, version)}`),
      },
      examples: [{ headers: { ce_dataschema: dataSchemaOf(service, type, version) }, payload: example }],
    },
  ]);
  return Object.fromEntries(facts);
}

function channelOf(service: string): object {
  const names = [...Object.keys(messagesOf(service)), 'Watermark'];
  return {
    address: topicOf(service),
    title: `Facts of ${service}`,
    description: 'Key = stream id; in order within a stream; at least once, so that readers drop a version they have.',
    messages: Object.fromEntries(
      names.map((name) => [name.replace(`${service}.`, ''), reference(`#/components/messages/${name}`)]),
    ),
    bindings: { kafka: { topic: topicOf(service), partitions: 12 } },
  };
}

/** AsyncAPI 3.0 of all channels, `docs/asyncapi.json`. */
export function asyncApi(): object {
  const channels = publishingServices.map((service) => [`${service}Events`, channelOf(service)]);
  const operations = publishingServices.map((service) => [
    `publish${service.charAt(0).toUpperCase()}${service.slice(1)}Events`,
    { action: 'send', channel: reference(`#/channels/${service}Events`) },
  ]);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Tongchou: facts on the bus',
      version: '1.0.0',
      description: 'CloudEvents 1.0 in binary mode. Printed from the contracts by `npm run docs`.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(channels),
    operations: Object.fromEntries(operations),
    components: {
      messages: Object.assign({}, ...publishingServices.map(messagesOf), { Watermark: WATERMARK }),
      schemas: { FactHeaders: FACT_HEADERS },
    },
  };
}
