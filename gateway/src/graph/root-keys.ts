import { Kind, type DocumentNode, type FragmentDefinitionNode, type SelectionSetNode } from 'graphql';

/** The response keys of an operation's root fields, fragments opened. */
export function rootKeys(document: DocumentNode): string[] {
  const keys = document.definitions.flatMap((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION ? keysOf(definition.selectionSet, document) : [],
  );
  return [...new Set(keys)];
}

function keysOf({ selections }: SelectionSetNode, document: DocumentNode): string[] {
  return selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [(selection.alias ?? selection.name).value];
    const inside = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragment(selection.name.value, document);
    return inside ? keysOf(inside.selectionSet, document) : [];
  });
}

function fragment(name: string, document: DocumentNode): FragmentDefinitionNode | undefined {
  return document.definitions
    .filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
    .find((definition) => definition.name.value === name);
}
