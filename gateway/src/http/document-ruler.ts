import { Kind, TokenKind, type DocumentNode, type FieldNode, type SelectionNode, type SelectionSetNode } from 'graphql';

/** How large a selection is with its fragments opened, and what in it makes no sense. */
export interface Size {
  readonly depth: number;
  readonly aliases: number;
  readonly fields: number;
  readonly rootFields: number;
  /** A fragment that spreads itself. */
  readonly circle?: string;
  /** An alias that begins with two underscores: those names belong to GraphQL and to the executor. */
  readonly reserved?: string;
}

const NOTHING: Size = { depth: 0, aliases: 0, fields: 0, rootFields: 0 };

const beside = (a: Size, b: Size): Size => ({
  ...a,
  ...b,
  depth: Math.max(a.depth, b.depth),
  aliases: a.aliases + b.aliases,
  fields: a.fields + b.fields,
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
    return selections.reduce((size, one) => beside(size, this.one(one)), NOTHING);
  }

  /**
   * How often a field stands again beside one of the same name, as execution merges them: validation compares each with
   * each. Only for selections whose size is within limits: it opens every fragment where it is spread.
   */
  repeats(selections: readonly SelectionNode[]): number {
    const groups = new Map<string, FieldNode[]>();
    this.gather(selections, groups, new Set());
    return [...groups.values()].reduce(
      (sum, fields) =>
        sum + fields.length - 1 + this.repeats(fields.flatMap((one) => one.selectionSet?.selections ?? [])),
      0,
    );
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

  private gather(selections: readonly SelectionNode[], groups: Map<string, FieldNode[]>, spread: Set<string>): void {
    for (const one of selections) {
      if (one.kind === Kind.FIELD) {
        const key = (one.alias ?? one.name).value;
        groups.set(key, [...(groups.get(key) ?? []), one]);
      } else if (one.kind === Kind.INLINE_FRAGMENT) {
        this.gather(one.selectionSet.selections, groups, spread);
      } else if (!spread.has(one.name.value)) {
        spread.add(one.name.value);
        this.gather(this.bodies.get(one.name.value)?.selections ?? [], groups, spread);
      }
    }
  }
}

/** How deep brackets of any kind stand in each other: what walks a document calls itself once for each. */
export function nesting(document: DocumentNode): number {
  let depth = 0;
  let most = 0;
  for (let token = document.loc?.startToken; token; token = token.next ?? undefined) {
    if (token.kind === TokenKind.BRACE_L || token.kind === TokenKind.BRACKET_L || token.kind === TokenKind.PAREN_L)
      depth += 1;
    if (token.kind === TokenKind.BRACE_R || token.kind === TokenKind.BRACKET_R || token.kind === TokenKind.PAREN_R)
      depth -= 1;
    most = Math.max(most, depth);
  }
  return most;
}
