import { contractsOf, dataSchemaOf, publishingServices } from '@tongchou/contracts';
import { z } from 'zod';
import { asJson } from './printed-file.ts';
import type { PrintedFile } from './printed-file.ts';

/** A schema that a reader of JSON meets: descriptions kept, fields that it does not name allowed. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export const schemaPath = (service: string, type: string, version: number): string =>
  `schemas/${service}/${type}.v${version}.json`;

/** JSON Schema (2020-12) of a published fact's data. Throws `RangeError` for a type without a contract. */
export function jsonSchemaOf(service: string, type: string): JsonSchema {
  const contract = contractsOf(service)[type];
  if (!contract) throw new RangeError(`${service} publishes no ${type}`);
  const { $schema, ...schema } = z.toJSONSchema(contract.schema, { io: 'input' });
  return {
    $schema,
    $id: dataSchemaOf(service, type, contract.version),
    title: type,
    description: contract.description,
    ...schema,
    examples: [contract.example],
  };
}

/** One file a type and version; files of versions that are no longer written stay as they are. */
export function jsonSchemaFiles(): PrintedFile[] {
  return publishingServices.flatMap((service) =>
    Object.entries(contractsOf(service)).map(([type, { version }]) => ({
      path: `docs/${schemaPath(service, type, version)}`,
      content: () => asJson(jsonSchemaOf(service, type)),
    })),
  );
}
