/**
 * A name as a part of a key: printable ASCII without `!`, which parts the parts. So every store has the same order, and no
 * name reaches into the keys of another.
 */
export const keyPart = (name: string): string => encodeURIComponent(name).replaceAll('!', '%21');

/**
 * The name of an account as the first part of the names of its queues, notes, leases and turns, whose parts a `/` separates.
 * A name without `/` and `%` stays as it is, so that former versions and this one find the same queues.
 */
export const accountPart = (account: string): string => account.replace(/[%/]/g, encodeURIComponent);

/** The name of an account as a directory: never the directory that it is in, nor the parent of that one. */
export const accountDirectory = (account: string): string =>
  /^\.{1,2}$/.test(account) ? account.replaceAll('.', '%2E') : encodeURIComponent(account) || '%';
