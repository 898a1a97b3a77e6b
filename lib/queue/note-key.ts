import type { NoteChange } from './durable-queue.js';
import { keyPart } from './key-part.js';
import type { StoreChange } from './ordered-store.js';

export const noteKey = (name: string): string => `${startOfNotes(name)}!`;

/** Prefix of the keys of all notes whose names start with a prefix. */
export const startOfNotes = (prefix: string): string => `note!${keyPart(prefix)}`;

/** Upper bound of the keys that start with a prefix. */
export const endOfNotes = (start: string): string => `${start}\u007f`;

/** The name of a note, from its key. */
export const noteName = (key: string): string => decodeURIComponent(key.slice(startOfNotes('').length, -1));

/** The store's change for a change of a note. */
export const noteChange = ({ name, text }: NoteChange): StoreChange =>
  text === undefined ? { type: 'del', key: noteKey(name) } : { type: 'put', key: noteKey(name), value: text };
