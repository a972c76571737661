import { Kind, type DocumentNode, type SelectionNode, type SelectionSetNode } from 'graphql';

/** How large a selection is with its fragments opened, and what in it makes no sense. */
export interface Size {
  readonly depth: number;
  readonly aliases: number;
  readonly fields: number;
  /** Fields and spreads that stand again in one selection: validation compares each with each. */
  readonly repeats: number;
  readonly rootFields: number;
  /** A fragment that spreads itself. */
  readonly circle?: string;
  /** An alias that begins with two underscores: those names belong to GraphQL and to the executor. */
  readonly reserved?: string;
}

const NOTHING: Size = { depth: 0, aliases: 0, fields: 0, repeats: 0, rootFields: 0 };

const beside = (a: Size, b: Size): Size => ({
  ...a,
  ...b,
  depth: Math.max(a.depth, b.depth),
  aliases: a.aliases + b.aliases,
  fields: a.fields + b.fields,
  repeats: a.repeats + b.repeats,
  rootFields: a.rootFields + b.rootFields,
});

/** Measures selections of one document; each fragment is measured once, however often it is spread. */
export class DocumentRuler {
  private readonly bodies = new Map<string, SelectionSetNode>();
  private readonly sizes = new Map<string, Size>();
  private readonly open = new Set<string>();

  constructor(document: DocumentNode) {
    for (const definition of document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) this.bodies.set(definition.name.value, definition.selectionSet);
    }
  }

  get fragments(): number {
    return this.bodies.size;
  }

  measure({ selections }: SelectionSetNode): Size {
    const inside = selections.reduce((size, one) => beside(size, this.one(one)), NOTHING);
    return { ...inside, repeats: inside.repeats + repeatsIn(selections) };
  }

  private one(selection: SelectionNode): Size {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return this.fragment(selection.name.value);
    if (selection.kind === Kind.INLINE_FRAGMENT) return this.measure(selection.selectionSet);
    const below = selection.selectionSet ? this.measure(selection.selectionSet) : NOTHING;
    const alias = selection.alias?.value;
    return {
      ...below,
      depth: below.depth + 1,
      aliases: below.aliases + (alias === undefined ? 0 : 1),
      fields: below.fields + 1,
      rootFields: 1,
      ...(alias?.startsWith('__') && { reserved: alias }),
    };
  }

  private fragment(name: string): Size {
    const known = this.sizes.get(name);
    if (known) return known;
    const body = this.bodies.get(name);
    if (!body) return NOTHING;
    if (this.open.has(name)) return { ...NOTHING, circle: name };
    this.open.add(name);
    const size = this.measure(body);
    this.open.delete(name);
    this.sizes.set(name, size);
    return size;
  }
}

function repeatsIn(selections: readonly SelectionNode[]): number {
  const keys = keysIn(selections);
  return keys.length - new Set(keys).size;
}

function keysIn(selections: readonly SelectionNode[]): string[] {
  return selections.flatMap((one) => {
    if (one.kind === Kind.INLINE_FRAGMENT) return keysIn(one.selectionSet.selections);
    return one.kind === Kind.FIELD ? (one.alias ?? one.name).value : `...${one.name.value}`;
  });
}
