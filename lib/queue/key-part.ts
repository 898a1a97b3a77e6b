/**
 * A name as a part of a key: printable ASCII without `!`, which parts the parts. So every store has the same order, and no
 * name reaches into the keys of another.
 */
export const keyPart = (name: string): string => encodeURIComponent(name).replaceAll('!', '%21');
