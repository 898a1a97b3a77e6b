/**
 * Encodes a name as a part of a key: printable ASCII without `!`, the separator. So every store sorts keys alike, and no name can
 * match the keys of another one.
 */
export const keyPart = (name: string): string => encodeURIComponent(name).replaceAll('!', '%21');

/**
 * Encodes the name of an account as the first part of the names of its queues, notes, leases and turns; `/` separates the parts.
 * A name without `/` and `%` is not changed, so that former versions and this one find the same queues.
 */
export const accountPart = (account: string): string => account.replace(/[%/]/g, encodeURIComponent);

/** Encodes the name of an account as the name of a directory: never `.`, `..` or empty. */
export const accountDirectory = (account: string): string =>
  /^\.{1,2}$/.test(account) ? account.replaceAll('.', '%2E') : encodeURIComponent(account) || '%';
