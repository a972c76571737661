import { Kind, parse, type DocumentNode } from 'graphql';
import { DocumentRuler } from './document-ruler.ts';

/** What one operation may hold; a fragment counts at each place where it is spread. */
export const LIMITS = {
  tokens: 5_000,
  fragments: 50,
  rootFields: 20,
  depth: 15,
  aliases: 50,
  repeats: 50,
  fields: 5_000,
} as const;

const WORDS: Readonly<Record<keyof typeof LIMITS, string>> = {
  tokens: 'tokens',
  fragments: 'fragments',
  rootFields: 'root fields',
  depth: 'levels of fields',
  aliases: 'aliases',
  repeats: 'repeated fields or spreads',
  fields: 'fields',
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
  const ruler = new DocumentRuler(document);
  limit('fragments', ruler.fragments);
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const { circle, reserved, ...size } = ruler.measure(definition.selectionSet);
    if (circle)
      throw new DocumentRefused('BAD_USER_INPUT', `Fragment ${shown(circle)} spreads itself. Take the circle out.`);
    if (reserved) {
      throw new DocumentRefused(
        'BAD_USER_INPUT',
        `The alias ${shown(reserved)} is reserved: use one without a leading __.`,
      );
    }
    for (const [name, count] of Object.entries(size)) limit(name, count);
  }
}

function limit(name: string, count: number): void {
  if (!isLimit(name) || count <= LIMITS[name]) return;
  throw new DocumentRefused(
    'COST_LIMIT_EXCEEDED',
    `The query has ${count} ${WORDS[name]}; at most ${LIMITS[name]} are allowed. Ask in smaller parts.`,
  );
}

const isLimit = (name: string): name is keyof typeof LIMITS => Object.hasOwn(LIMITS, name);

function parsed(text: string): DocumentNode | undefined {
  try {
    return parse(text, { noLocation: true, maxTokens: LIMITS.tokens });
  } catch (error) {
    if (error instanceof Error && /more tha[nt] \d+ tokens/.test(error.message)) {
      throw new DocumentRefused(
        'COST_LIMIT_EXCEEDED',
        `The query has more than ${LIMITS.tokens} ${WORDS.tokens}. Ask in smaller parts, or give values as variables.`,
      );
    }
    return undefined;
  }
}

const shown = (name: string): string => (name.length > 50 ? `${name.slice(0, 50)}…` : name);
