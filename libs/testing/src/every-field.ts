import { Kind, parse } from 'graphql';
import type { FieldDefinitionNode, TypeNode } from 'graphql';

/** With which arguments a field is asked, by `Type.field`; the empty text asks without any. */
export type FieldCases = Readonly<Record<string, readonly string[]>>;

/** Documents that ask for everything that a schema answers. */
export interface EveryField {
  /** A document for each root field of the query. */
  readonly queries: Readonly<Record<string, string>>;
  /** A document for each type with a key; its variable is `them`, the representations. */
  readonly entities: Readonly<Record<string, string>>;
  /** The fields of the mutation. */
  readonly mutations: readonly string[];
}

type Fields = ReadonlyMap<string, readonly FieldDefinitionNode[]>;

const named = (type: TypeNode): string => (type.kind === Kind.NAMED_TYPE ? type.name.value : named(type.type));

function read(schema: string) {
  const objects = parse(schema, { noLocation: true }).definitions.filter(
    (one) => one.kind === Kind.OBJECT_TYPE_DEFINITION || one.kind === Kind.OBJECT_TYPE_EXTENSION,
  );
  const byName = Map.groupBy(objects, ({ name }) => name.value);
  const fields: Fields = new Map([...byName].map(([name, all]) => [name, all.flatMap((one) => one.fields ?? [])]));
  const keyed = objects.filter(({ directives = [] }) => directives.some(({ name }) => name.value === 'key'));
  return { fields, entities: keyed.map(({ name }) => name.value) };
}

/** A field's cases. A root field, and one that cannot be asked without arguments, must have some: a new one fails here. */
function casesOf(type: string, field: FieldDefinitionNode, cases: FieldCases): readonly string[] {
  const name = `${type}.${field.name.value}`;
  const given = Object.hasOwn(cases, name) ? cases[name] : undefined;
  if (given && given.length > 0) return given;
  const needed = (field.arguments ?? []).some(
    ({ type: argument, defaultValue }) => argument.kind === Kind.NON_NULL_TYPE && !defaultValue,
  );
  if (type === 'Query' || needed) throw new Error(`Nothing says how to ask ${name}: give it a case`);
  return [''];
}

/**
 * Everything that a subgraph answers, as documents: each root field with each of its cases, and beneath it every field of
 * every type, except that no type is entered again below itself. Throws for a root field, or a field with an argument that is
 * needed, that has no case; and for a case of a field that is not there.
 */
export function everyField(schema: string, cases: FieldCases): EveryField {
  const { fields, entities } = read(schema);
  const used = new Set<string>();

  const asked = (type: string, field: FieldDefinitionNode, above: readonly string[]): string => {
    const beneath = fields.has(named(field.type)) ? selection(named(field.type), above) : '';
    if (beneath === undefined) return '';
    used.add(`${type}.${field.name.value}`);
    return casesOf(type, field, cases)
      .map((given, index) => `${field.name.value}_${index}: ${field.name.value}${given} ${beneath}`)
      .join('\n');
  };
  const selection = (type: string, above: readonly string[]): string | undefined => {
    if (above.includes(type)) return undefined;
    const all = (fields.get(type) ?? []).map((field) => asked(type, field, [...above, type]));
    return `{ __typename ${all.join('\n')} }`;
  };

  const queries = (fields.get('Query') ?? []).map((field): [string, string] => [
    field.name.value,
    `{ ${asked('Query', field, [])} }`,
  ]);
  const byReference = entities.map((type): [string, string] => [
    type,
    `query ($them: [_Any!]!) { _entities(representations: $them) { ... on ${type} ${selection(type, [])} } }`,
  ]);
  const stray = Object.keys(cases).filter((name) => !used.has(name));
  if (stray.length > 0) throw new Error(`There is no ${stray.join(', ')} to ask`);
  return {
    queries: Object.fromEntries(queries),
    entities: Object.fromEntries(byReference),
    mutations: (fields.get('Mutation') ?? []).map(({ name }) => name.value),
  };
}
