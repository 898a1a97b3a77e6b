import type { NoteChange } from '../queue/durable-queue.js';

/** A note that is written by the write which settles a page. */
export interface PageNote {
  /** Asked for when the page is settled; undefined, and the note is not written. */
  text(): string | undefined;
  /** It is durable, or was already. */
  written?(): void;
}

/** Changes that are written by the write which settles the page of the reports they are about. */
export class PageNotes {
  readonly #once = new Set<string>();
  readonly #notes = new Map<string, PageNote>();

  get size(): number {
    return this.#notes.size;
  }

  set(name: string, note: PageNote): void {
    this.#notes.set(name, note);
  }

  /** Keeps the first text that is ever written under a name. */
  setOnce(name: string, note: PageNote): void {
    if (this.#notes.has(name)) return;
    this.#once.add(name);
    this.set(name, note);
  }

  /** Takes out what is to be written once, and is in the store. */
  async dropKept(readMany: (names: readonly string[]) => Promise<(string | undefined)[]>): Promise<void> {
    const names = [...this.#once];
    for (const [i, text] of (await readMany(names)).entries()) {
      if (text === undefined) continue;
      const name = names[i] as string;
      this.#notes.get(name)?.written?.();
      this.#notes.delete(name);
    }
  }

  changes(): NoteChange[] {
    const changes: NoteChange[] = [];
    for (const [name, note] of this.#notes) {
      const text = note.text();
      if (text !== undefined) changes.push({ name, text });
    }
    return changes;
  }

  /** All changes are durable. */
  written(): void {
    for (const note of this.#notes.values()) note.written?.();
  }
}
