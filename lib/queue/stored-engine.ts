import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { DurableQueue, Lease, QueueEngine } from './durable-queue.js';
import { GroupWriter } from './group-writer.js';
import { LevelStore } from './level-store.js';
import { noteKey } from './note-key.js';
import { MemoryStore } from './memory-store.js';
import type { OrderedStore } from './ordered-store.js';
import { StoredQueue } from './stored-queue.js';

/** Queues in a store of this process: a directory that is locked against others, or memory. */
export class StoredEngine implements QueueEngine {
  readonly #queues = new Map<string, StoredQueue<unknown>>();
  readonly #held = new Set<string>();
  readonly #writer: GroupWriter;

  /** Queues in any store. */
  constructor(
    private readonly store: OrderedStore,
    readonly isDurable: boolean,
  ) {
    const queues = this.#queues;
    const reload = async (): Promise<void> => {
      for (const queue of queues.values()) await queue.reload();
    };
    const goOn = (): void => {
      for (const queue of queues.values()) queue.goOn();
    };
    this.#writer = new GroupWriter(store, reload, goOn);
  }

  /** Queues in a directory. @throws {OurSmsStorageError} when it is locked, cannot be written, or is damaged */
  static async inDirectory(path: string): Promise<StoredEngine> {
    return new StoredEngine(await LevelStore.open(path), true);
  }

  /** Queues that end with the process. */
  static inMemory(): StoredEngine {
    return new StoredEngine(new MemoryStore(), false);
  }

  queue<T>(name: string): DurableQueue<T> {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = new StoredQueue<unknown>(this.store, this.#writer, name);
      this.#queues.set(name, queue);
    }
    return queue as DurableQueue<unknown> as DurableQueue<T>;
  }

  note(name: string, text: string): Promise<void> {
    return this.#writer.write([{ type: 'put', key: noteKey(name), value: text }]);
  }

  forget(name: string): Promise<void> {
    return this.#writer.write([{ type: 'del', key: noteKey(name) }]);
  }

  async notes(prefix: string): Promise<{ name: string; text: string }[]> {
    this.#writer.check();
    const gt = noteKey(prefix);
    const found = await this.store.range({ gt, lt: `${gt}\uffff`, limit: 10_000 });
    return found.map(([key, text]) => ({ name: key.slice(noteKey('').length), text }));
  }

  /** No other process can have the store open, so only this one has to agree with itself. */
  exclusive(name: string): Promise<Lease | undefined> {
    if (this.#held.has(name)) return Promise.resolve(undefined);
    this.#held.add(name);
    let valid = true;
    const release = (): Promise<void> => {
      if (valid) this.#held.delete(name);
      valid = false;
      return Promise.resolve();
    };
    return Promise.resolve({ isValid: () => valid, release });
  }

  async checkRoom(bytes: number): Promise<void> {
    this.#writer.check();
    await this.store.checkRoom(bytes);
  }

  async close(): Promise<void> {
    for (const queue of this.#queues.values()) queue.close();
    await this.#writer.close(
      new OurSmsStorageError('The store is closed: the application is ending.', { fault: 'closed' }),
    );
    await this.store.close();
  }
}
