/** The key of a note. */
export const noteKey = (name: string): string => `note!${name}`;
