import type { NoteChange, QueueEngine } from '../queue/durable-queue.js';

/** A note that is written together with the outcome of a page. */
export interface PageNote {
  /** Called when the page is settled. Undefined: the note is not written. */
  text(): string | undefined;
  /** Called when the note is durable, or was durable before. */
  written?(): void;
}

/** Notes about the reports of one page, written by the write that settles the page. */
export class PageNotes {
  readonly #once = new Set<string>();
  readonly #notes = new Map<string, PageNote>();

  get size(): number {
    return this.#notes.size;
  }

  set(name: string, note: PageNote): void {
    this.#notes.set(name, note);
  }

  /** Sets a note unless the page has one with this name. Call `dropStored` before the notes are written. */
  setOnce(name: string, note: PageNote): void {
    if (this.#notes.has(name)) return;
    this.#once.add(name);
    this.set(name, note);
  }

  /** Removes the notes of `setOnce` that the store already has. */
  async dropStored(engine: QueueEngine): Promise<void> {
    const names = [...this.#once];
    for (const [i, text] of (await engine.readMany(names)).entries()) {
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

  /** Call it when all changes are durable. */
  written(): void {
    for (const note of this.#notes.values()) note.written?.();
  }
}
