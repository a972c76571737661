import { Kind, OperationTypeNode, parse, type DocumentNode, type OperationDefinitionNode } from 'graphql';
import { DocumentRuler, nesting } from './document-ruler.ts';

/** What one operation may hold; a fragment counts at each place where it is spread. */
export const LIMITS = {
  tokens: 5_000,
  fragments: 50,
  rootFields: 20,
  depth: 15,
  aliases: 50,
  repeats: 200,
  fields: 5_000,
  nesting: 100,
  variables: 100,
  values: 2_000,
} as const;

const WORDS: Readonly<Record<keyof typeof LIMITS, string>> = {
  tokens: 'tokens',
  fragments: 'fragments',
  rootFields: 'root fields',
  depth: 'levels of fields',
  aliases: 'aliases',
  repeats: 'repeated fields',
  fields: 'fields',
  nesting: 'brackets in each other',
  variables: 'variables',
  values: 'values in its variables',
};

/** A document that is refused before anything else looks at it: it is too much, or makes no sense. */
export class DocumentRefused extends Error {
  override readonly name = 'DocumentRefused';
  constructor(
    readonly code: 'COST_LIMIT_EXCEEDED' | 'BAD_USER_INPUT',
    message: string,
  ) {
    super(message);
  }
}

/**
 * Refuses a document that is too large to be planned, before it is validated: validation itself can be made slow. Takes
 * time in proportion to the text, whatever its fragments multiply to. A text that does not parse is left to the parser
 * that reports it with its place. Throws `DocumentRefused`.
 */
export function checkDocument(text: string): void {
  const document = parsed(text);
  if (!document) return;
  limit('nesting', nesting(document));
  const ruler = new DocumentRuler(document);
  limit('fragments', ruler.fragments);
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) checkOperation(definition, ruler);
  }
}

/** Refuses variables of so many values that telling what is wrong with them would take long. Throws `DocumentRefused`. */
export function checkVariables(variables: unknown): void {
  limit('values', valuesIn(variables));
}

function valuesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, inner) => sum + valuesIn(inner), 1);
}

function checkOperation(definition: OperationDefinitionNode, ruler: DocumentRuler): void {
  const { operation, selectionSet, variableDefinitions } = definition;
  if (operation === OperationTypeNode.SUBSCRIPTION)
    senseless('A subscription is not answered here. Send a query or a mutation.');
  const { circle, reserved, rootFields, depth, aliases, fields } = ruler.measure(selectionSet);
  if (circle) senseless(`Fragment ${shown(circle)} spreads itself. Take the circle out.`);
  if (reserved) senseless(`The alias ${shown(reserved)} is reserved: use one without a leading __.`);
  limit('variables', variableDefinitions?.length ?? 0);
  limit('rootFields', rootFields);
  limit('depth', depth);
  limit('aliases', aliases);
  limit('fields', fields);
  limit('repeats', ruler.repeats(selectionSet.selections));
}

function senseless(message: string): never {
  throw new DocumentRefused('BAD_USER_INPUT', message);
}

function limit(name: keyof typeof LIMITS, count: number): void {
  if (count <= LIMITS[name]) return;
  throw new DocumentRefused(
    'COST_LIMIT_EXCEEDED',
    `The query has ${Number.isFinite(count) ? count : 'too many'} ${WORDS[name]}; at most ${LIMITS[name]} are allowed. Ask in smaller parts.`,
  );
}

function parsed(text: string): DocumentNode | undefined {
  try {
    return parse(text, { maxTokens: LIMITS.tokens });
  } catch (error) {
    if (error instanceof Error && /more tha[nt] \d+ tokens/.test(error.message)) {
      throw new DocumentRefused(
        'COST_LIMIT_EXCEEDED',
        `The query has more than ${LIMITS.tokens} ${WORDS.tokens}. Ask in smaller parts, or give values as variables.`,
      );
    }
    // So deep that the parser itself did not come back.
    if (error instanceof RangeError) limit('nesting', Infinity);
    return undefined;
  }
}

const shown = (name: string): string => (name.length > 50 ? `${name.slice(0, 50)}…` : name);
