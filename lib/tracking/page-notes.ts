import type { NoteChange } from '../queue/durable-queue.js';

/** Changes that are written by the write which settles the page of the reports they are about. */
export class PageNotes {
  readonly #once = new Set<string>();
  readonly #notes = new Map<string, () => string | undefined>();

  get size(): number {
    return this.#notes.size;
  }

  /** @param text Asked for when the page is settled; undefined, and the note is not written. */
  set(name: string, text: () => string | undefined): void {
    this.#notes.set(name, text);
  }

  /** Keeps the first text that is ever written under a name. */
  setOnce(name: string, text: () => string | undefined): void {
    if (this.#notes.has(name)) return;
    this.#once.add(name);
    this.set(name, text);
  }

  /** Takes out what is to be written once, and is in the store. */
  async dropKept(readMany: (names: readonly string[]) => Promise<(string | undefined)[]>): Promise<void> {
    const names = [...this.#once];
    for (const [i, text] of (await readMany(names)).entries()) {
      if (text !== undefined) this.#notes.delete(names[i] as string);
    }
  }

  changes(): NoteChange[] {
    return [...this.#notes].flatMap(([name, text]) => {
      const now = text();
      return now === undefined ? [] : [{ name, text: now }];
    });
  }
}
