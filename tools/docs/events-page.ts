import { contractsOf, publishingServices, topicOf } from '@tongchou/contracts';
import { jsonSchemaOf, schemaPath } from './json-schemas.ts';
import type { JsonSchema } from './json-schemas.ts';

const INTRODUCTION = `# Events

Printed from the contracts by \`npm run docs\`; do not edit.

Each service keeps its facts in streams, one a project or cost sheet, and sends every one of them over the bus in the order
of its stream: CloudEvents 1.0 in Kafka's binary mode ([AsyncAPI](asyncapi.json)), 12 partitions a topic, key = stream id.
Money is whole cents, dates are \`YYYY-MM-DD\`. Ids: project = \`uuid5(uuid5(REGISTERS, register), reference)\` with
\`REGISTERS = 7d1c1d1e-5b0a-4f53-9c8e-2f6a9b1f0c11\`; its cost sheet = \`uuid5(project, "CostSheet")\`.
Fields may be added to a version; any other change is a new version, and every version that was ever written stays readable.
`;

const asObject = (value: unknown): JsonSchema => (typeof value === 'object' && value !== null ? { ...value } : {});

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function typeOf(schema: JsonSchema): string {
  if (Array.isArray(schema['enum'])) return schema['enum'].map((word) => `\`${String(word)}\``).join(' ');
  return String(schema['format'] ?? schema['type'] ?? '');
}

function fieldRows(schema: JsonSchema): string[] {
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.entries(asObject(schema['properties'])).map(([name, property]) => {
    const field = asObject(property);
    const given = required.includes(name) ? '' : ' (optional)';
    return `| \`${name}\`${given} | ${cell(typeOf(field))} | ${cell(String(field['description'] ?? ''))} |`;
  });
}

function section(service: string, type: string): string {
  const { version, description } = contractsOf(service)[type] ?? { version: 1, description: '' };
  const rows = fieldRows(jsonSchemaOf(service, type));
  const table = rows.length > 0 ? ['', '| field | type | meaning |', '|---|---|---|', ...rows] : [];
  return [
    `### ${type} v${version}`,
    '',
    `${description} [Schema](${schemaPath(service, type, version)})`,
    ...table,
  ].join('\n');
}

/** The catalogue of published facts, `docs/events.md`. */
export function printEvents(): string {
  const services = publishingServices.map((service) => {
    const types = Object.keys(contractsOf(service));
    return [`## ${service}`, `Topic \`${topicOf(service)}\`.`, ...types.map((type) => section(service, type))].join(
      '\n\n',
    );
  });
  return `${[INTRODUCTION, ...services].join('\n').trimEnd()}\n`;
}
