import {
  defaultFieldResolver,
  isUnionType,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';
import { AnswerError } from './answer-error.ts';
import { forbidden } from './forbidden.ts';
import type { GraphContext } from './graph-context.ts';

type Field = GraphQLField<unknown, GraphContext, Record<string, unknown>>;
type Resolve = GraphQLFieldResolver<unknown, GraphContext, Record<string, unknown>>;

const SCHEMA_TEXT = '_service';
const ENTITIES = '_entities';

/** The command that a mutation sends: `registerProject` is `RegisterProject`. */
const commandOf = (mutation: string): string => `${mutation.slice(0, 1).toUpperCase()}${mutation.slice(1)}`;

const fieldsOf = (type: GraphQLObjectType | null | undefined): Field[] => Object.values(type?.getFields() ?? {});

function rootActions(schema: GraphQLSchema): readonly (readonly [Field, string])[] {
  const named = (type: GraphQLObjectType | null | undefined, action: (name: string) => string) =>
    fieldsOf(type).map((field) => [field, action(field.name)] as const);
  return [
    ...named(schema.getQueryType(), (name) => `query ${name}`),
    ...named(schema.getMutationType(), (name) => `command ${commandOf(name)}`),
    ...named(schema.getSubscriptionType(), (name) => `subscription ${name}`),
  ].filter(([{ name }]) => name !== SCHEMA_TEXT && name !== ENTITIES);
}

function entityTypes(schema: GraphQLSchema): readonly string[] {
  const union = schema.getType('_Entity');
  return isUnionType(union) ? union.getTypes().map(({ name }) => name) : [];
}

/** Everything that a policy must say something about: root fields, entities, and the commands behind mutations. */
export const actionsOfSchema = (schema: GraphQLSchema): string[] => [
  ...rootActions(schema).map(([, action]) => action),
  ...entityTypes(schema).map((name) => `entity ${name}`),
];

const guarded =
  (action: string, resolve: Resolve): Resolve =>
  (source, args, context, info) => {
    context.grantFor(action);
    return resolve(source, args, context, info);
  };

const typeNameOf = (representation: unknown): unknown =>
  typeof representation === 'object' && representation !== null && '__typename' in representation
    ? representation.__typename
    : undefined;

/** An entity of a type that may not be seen is an error in its place; the others are answered. */
const guardedEntities =
  (types: readonly string[], resolve: Resolve): Resolve =>
  async (source, { representations, ...rest }, context, info) => {
    const all: readonly unknown[] = Array.isArray(representations) ? representations : [];
    const foreign = all.some((one) => !types.includes(String(typeNameOf(one))));
    if (foreign) throw new AnswerError('BAD_USER_INPUT', 'No such type can be asked for by reference here.');
    const allowed = all.filter((one) => context.allows(`entity ${String(typeNameOf(one))}`));
    const found: unknown = await resolve(source, { ...rest, representations: allowed }, context, info);
    const answers = Array.isArray(found) ? found.values() : [].values();
    return all.map((one): unknown => (allowed.includes(one) ? answers.next().value : forbidden()));
  };

/** The same schema, whose root fields ask the policy first. Its own text is for nobody: the supergraph is composed from files. */
export function guardSchema(schema: GraphQLSchema): GraphQLSchema {
  for (const [field, action] of rootActions(schema)) {
    field.resolve = guarded(action, field.resolve ?? defaultFieldResolver);
    if (field.subscribe) field.subscribe = guarded(action, field.subscribe);
  }
  const query = schema.getQueryType()?.getFields() ?? {};
  const entities = query[ENTITIES];
  if (entities) entities.resolve = guardedEntities(entityTypes(schema), entities.resolve ?? defaultFieldResolver);
  const text = query[SCHEMA_TEXT];
  if (text) text.resolve = () => Promise.reject(forbidden());
  return schema;
}
