declare const idBrand: unique symbol;

/** A string that names one kind of thing; ids of two kinds do not mix. */
export type Id<Kind extends string> = string & { readonly [idBrand]: Kind };

export type ProjectId = Id<'Project'>;
export type CostSheetId = Id<'CostSheet'>;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export const isUuid = (text: string): boolean => UUID.test(text);

/** The id of the kind asked for, or `undefined` when `text` is not a UUID in lower case. */
export function parseId<Kind extends string>(text: string): Id<Kind> | undefined {
  return isUuid(text) ? (text as Id<Kind>) : undefined;
}
