/**
 * Version of the format of all data in a directory. Raise it for a change that this version would misread, and keep reading the
 * former formats. Stores without a mark have format 1 too: they are older than the mark.
 */
export const STORE_FORMAT = 1;

/** The format in a mark; undefined when there is no readable mark. */
export function formatOf(mark: string | undefined | null): number | undefined {
  const digits = /^\d{1,9}/.exec(mark ?? '')?.[0];
  return digits === undefined ? undefined : Number(digits);
}

/** Why a store cannot be used, and what to do; undefined when it can be used. @param known Newest format that is supported. */
export function formatFault(found: number | undefined, known = STORE_FORMAT): string | undefined {
  if (found === undefined || found <= known) return undefined;
  return `was written by a newer version of nestjs-oursms in format ${found}, and this version reads formats up to ${known}: upgrade nestjs-oursms; nothing in it was changed`;
}
