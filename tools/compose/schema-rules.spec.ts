import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type DefinitionNode, Kind, parse, type TypeNode } from 'graphql';

const services = fileURLToPath(new URL('../../services/', import.meta.url));
const schemas = readdirSync(services).map((name) => {
  const sdl = readFileSync(`${services}/${name}/src/api/schema.graphql`, 'utf8');
  return [name, parse(sdl).definitions] as const;
});

const fieldsOf = (definition: DefinitionNode) => ('fields' in definition ? (definition.fields ?? []) : []);
const named = (type: TypeNode): string => (type.kind === Kind.NAMED_TYPE ? type.name.value : named(type.type));
const ROOTS = new Set(['Query', 'Mutation']);

describe.each(schemas)('the schema of %s', (_name, definitions) => {
  it('says of every type and field what it is', () => {
    const silent = definitions.flatMap((definition) => {
      if (!('name' in definition) || definition.name === undefined || ROOTS.has(definition.name.value)) return [];
      const extension = definition.kind === Kind.OBJECT_TYPE_EXTENSION;
      const own = extension || ('description' in definition && definition.description) ? [] : [definition.name.value];
      const fields = fieldsOf(definition).filter(
        (field) => !field.description && !(extension && field.name.value === 'id'),
      );
      return [...own, ...fields.map((field) => `${definition.name?.value}.${field.name.value}`)];
    });
    expect(silent).toEqual([]);
  });

  it('lets every root field be null, so that a service that is away nulls its own fields and no others', () => {
    const roots = definitions.filter((one) => 'name' in one && one.name !== undefined && ROOTS.has(one.name.value));
    const fixed = roots.flatMap((root) => fieldsOf(root).filter((field) => field.type.kind === Kind.NON_NULL_TYPE));
    expect(roots).not.toEqual([]);
    expect(fixed.map((field) => field.name.value)).toEqual([]);
  });

  it('gives every mutation a key, so that it can be sent again', () => {
    const inputs = definitions.flatMap((one) => (one.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION ? [one] : []));
    const keyed = inputs.filter(({ fields }) =>
      fields?.some(({ name, type }) => name.value === 'idempotencyKey' && type.kind === Kind.NON_NULL_TYPE),
    );
    const names = new Set(keyed.map(({ name }) => name.value));
    const mutations = definitions.flatMap((one) =>
      one.kind === Kind.OBJECT_TYPE_DEFINITION && one.name.value === 'Mutation' ? (one.fields ?? []) : [],
    );
    const keyless = mutations.filter(({ arguments: given }) => !given?.some(({ type }) => names.has(named(type))));
    expect(mutations).not.toEqual([]);
    expect(keyless.map(({ name }) => name.value)).toEqual([]);
  });

  it('reserves OTHER in every enum that it answers', () => {
    const asked = definitions.flatMap((one) =>
      one.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION
        ? (one.fields ?? [])
        : fieldsOf(one).flatMap((field) => ('arguments' in field ? (field.arguments ?? []) : [])),
    );
    const inputs = new Set(asked.map(({ type }) => named(type)));
    const closed = definitions.flatMap((one) =>
      one.kind === Kind.ENUM_TYPE_DEFINITION && !one.values?.some(({ name }) => name.value === 'OTHER')
        ? one.name.value
        : [],
    );
    expect(closed.filter((name) => !inputs.has(name))).toEqual([]);
  });
});
