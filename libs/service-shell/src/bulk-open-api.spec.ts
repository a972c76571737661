import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { bulkOpenApi } from './bulk-open-api.ts';
import { dayField, idField, moneyField } from './fields.ts';

const aggregates = [
  {
    streamType: 'CostSheet',
    refusals: { CeilingNotSet: { happened: 'x', remedy: 'y', zh: 'z' } },
    definitions: {
      SetCeiling: {
        description: 'Sets the ceiling.',
        input: z.strictObject({
          projectId: idField('Project', 'The project.'),
          amount: moneyField('The ceiling.'),
          on: dayField('The day.').optional(),
        }),
      },
    },
  },
];

describe('the OpenAPI of a bulk door', () => {
  const printed = bulkOpenApi({ name: 'costs', aggregates });

  it('describes each command as it is sent, with every field', () => {
    expect(printed).toMatchObject({
      openapi: '3.1.0',
      paths: { '/v1/commands': { post: { responses: { 200: {}, 413: {}, 415: {}, 429: {} } } } },
      components: {
        schemas: {
          SetCeilingLine: {
            description: 'Sets the ceiling.',
            additionalProperties: false,
            required: ['command', 'idempotencyKey', 'input'],
            properties: {
              command: { const: 'SetCeiling' },
              input: {
                type: 'object',
                additionalProperties: false,
                required: ['projectId', 'amount'],
                properties: { amount: { type: 'string', pattern: expect.any(String), description: 'The ceiling.' } },
              },
            },
          },
        },
      },
    });
  });

  it('refers only to what it defines, and is the same each time', () => {
    const text = JSON.stringify(printed);
    const named = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
    expect(new Set(named)).toEqual(new Set(['SetCeilingLine', 'Verdict', 'Error']));
    expect(JSON.stringify(bulkOpenApi({ name: 'costs', aggregates }))).toBe(text);
  });
});
