/** Where a work stands, as it follows from what a register writes: whoever decides who reaches it reads it alike. */
export interface WrittenPlace {
  readonly department: string | null;
  readonly districts: readonly string[];
}

/** An empty text was not given, or takes away what was. */
export const givenWords = (text: string): string | null => (text === '' ? null : text);

/** A register's list is parted by `, `; a word that it writes twice counts once. */
export const listedWords = (text: string): string[] => [...new Set(text.split(', ').filter((word) => word !== ''))];

/** As much of a work's place as is said; what is left out stays as it was. */
export function writtenPlace(said: {
  readonly managingDepartment?: string | undefined;
  readonly districts?: string | undefined;
}): Partial<WrittenPlace> {
  const { managingDepartment, districts } = said;
  return {
    ...(managingDepartment !== undefined && { department: givenWords(managingDepartment) }),
    ...(districts !== undefined && { districts: listedWords(districts) }),
  };
}
