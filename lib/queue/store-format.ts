/**
 * The format of all that is kept in a directory. A change that this version would misread raises it, and
 * the version that raises it still reads the former ones. Stores without a mark are of format 1, too: they are older than
 * the mark.
 */
export const STORE_FORMAT = 1;

/** The format that a mark tells; undefined when there is no mark, or none that can be read. */
export function formatOf(mark: string | undefined | null): number | undefined {
  const digits = /^\d{1,9}/.exec(mark ?? '')?.[0];
  return digits === undefined ? undefined : Number(digits);
}

/** Why a store cannot be used, and what to do; undefined when it can. @param known Newest format that is read. */
export function formatFault(found: number | undefined, known = STORE_FORMAT): string | undefined {
  if (found === undefined || found <= known) return undefined;
  return `was written by a newer version of nestjs-oursms in format ${found}, and this version reads formats up to ${known}: upgrade nestjs-oursms; nothing in it was changed`;
}
