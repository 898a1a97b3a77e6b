import type { DurableQueue, Lease, LockPatience, NoteChange, QueueEngine } from './durable-queue.js';
import { ExpiringNotes } from './expiring-notes.js';
import { GroupWriter } from './group-writer.js';
import { LevelStore } from './level-store.js';
import { MemoryStore } from './memory-store.js';
import { endOfNotes, noteChange, noteKey, noteName, startOfNotes } from './note-key.js';
import type { OrderedStore } from './ordered-store.js';
import { SteadyClock } from './steady-clock.js';
import { StoredQueue } from './stored-queue.js';

/** Notes that are read from the store at a time. */
const NOTES_AT_ONCE = 200;

/** Queues in a store of this process: a directory that is locked against others, or memory. */
export class StoredEngine implements QueueEngine {
  /** No other process can open the store. */
  readonly followEveryMs = Infinity;
  readonly #queues = new Map<string, StoredQueue<unknown>>();
  readonly #held = new Set<string>();
  /** Earliest time of the next turn of a name, by the monotonic clock. */
  readonly #turns = new Map<string, number>();
  readonly #expiring = new ExpiringNotes();
  readonly #clock = new SteadyClock();
  readonly #writer: GroupWriter;
  #closed: Promise<void> | undefined;

  private constructor(
    private readonly store: OrderedStore,
    readonly isDurable: boolean,
    readonly path?: string,
  ) {
    this.#writer = new GroupWriter(store, {
      reload: async () => {
        for (const queue of this.#queues.values()) await queue.reload();
      },
      resume: () => {
        for (const queue of this.#queues.values()) queue.resume();
      },
    });
  }

  /**
   * Opens the engine of a directory.
   *
   * @param setting The option that sets the directory, for error messages.
   * @throws {OurSmsStorageError} when it is locked, cannot be written, is damaged, or is of a newer version
   */
  static async inDirectory(path: string, setting = 'storage.path', patience?: LockPatience): Promise<StoredEngine> {
    return new StoredEngine(await LevelStore.open({ path, setting }, patience), true, path);
  }

  /** Makes an engine whose data is lost when the process ends. */
  static inMemory(): StoredEngine {
    return new StoredEngine(new MemoryStore(), false);
  }

  queue<T>(name: string): DurableQueue<T> {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      const release = (): void => void this.#queues.delete(name);
      queue = new StoredQueue<unknown>(name, this.store, this.#writer, this.#clock, release);
      this.#queues.set(name, queue);
    }
    return queue as DurableQueue<unknown> as DurableQueue<T>;
  }

  note(name: string, text: string): Promise<void> {
    return this.#writer.write([noteChange({ name, text })]);
  }

  forget(name: string): Promise<void> {
    return this.#writer.write([noteChange({ name })]);
  }

  change(changes: readonly NoteChange[], canWait = false): Promise<void> {
    return this.#writer.write(changes.map(noteChange), canWait);
  }

  async read(name: string): Promise<string | undefined> {
    this.#writer.check();
    return this.store.get(noteKey(name));
  }

  async readMany(names: readonly string[]): Promise<(string | undefined)[]> {
    this.#writer.check();
    return names.length === 0 ? [] : this.store.getMany(names.map(noteKey));
  }

  async *notes(prefix: string, after?: string): AsyncIterable<{ name: string; text: string }> {
    const start = startOfNotes(prefix);
    const lt = endOfNotes(start);
    for (let gt = after === undefined ? start : noteKey(after); ;) {
      this.#writer.check();
      const found = await this.store.range({ gt, lt, limit: NOTES_AT_ONCE });
      for (const [key, text] of found) yield { name: noteName(key), text };
      if (found.length < NOTES_AT_ONCE) return;
      gt = (found.at(-1) as [string, string])[0];
    }
  }

  async countNotes(prefix: string): Promise<number> {
    this.#writer.check();
    const start = startOfNotes(prefix);
    return this.store.count(start, endOfNotes(start));
  }

  async noteExpiring(name: string, text: string, ttlMs: number): Promise<void> {
    this.#writer.check();
    this.#expiring.set(name, text, ttlMs);
  }

  async readExpiring(name: string): Promise<string | undefined> {
    this.#writer.check();
    return this.#expiring.get(name);
  }

  /** No other process can open the store, so a lock within this process is enough. */
  exclusive(name: string): Promise<Lease | undefined> {
    if (this.#closed) return Promise.reject(this.store.fault('closed'));
    if (this.#held.has(name)) return Promise.resolve(undefined);
    this.#held.add(name);
    let isHeld = true;
    const release = (): Promise<void> => {
      if (isHeld) this.#held.delete(name);
      isHeld = false;
      return Promise.resolve();
    };
    return Promise.resolve({ isValid: () => isHeld && this.#closed === undefined, release });
  }

  turn(name: string, apartMs: number): Promise<number> {
    if (this.#closed) return Promise.reject(this.store.fault('closed'));
    const now = performance.now();
    const at = Math.max(now, this.#turns.get(name) ?? 0);
    this.#turns.set(name, at + apartMs);
    return Promise.resolve(at - now);
  }

  time(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async checkRoom(bytes: number): Promise<void> {
    this.#writer.check();
    await this.store.checkRoom(bytes);
  }

  async checkWritable(): Promise<void> {
    // First, since a write that fails on a full disk would reopen the store.
    await this.checkRoom(0);
    await this.#writer.write([{ type: 'del', key: 'probe' }]);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    for (const queue of this.#queues.values()) queue.close();
    await this.#writer.close(this.store.fault('closed'));
    await this.store.close();
  }
}
