/** A page that the code prints and the repository holds. Printing twice gives the same text. */
export interface PrintedFile {
  /** From the root of the project. */
  readonly path: string;
  /** Written when missing, never changed: a record of what once was (golden events). */
  readonly keptForEver?: true;
  content(): string | Promise<string>;
}

export const asJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
