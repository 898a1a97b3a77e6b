import type { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import { storeFault, type LocalFault } from './explain-store-fault.js';
import type { KeyRange, OrderedStore, StoreChange } from './ordered-store.js';

/** An ordered store in the memory of the process. */
export class MemoryStore implements OrderedStore {
  readonly #values = new Map<string, string>();
  /** Sorted. */
  readonly #keys: string[] = [];

  get(key: string): Promise<string | undefined> {
    return Promise.resolve(this.#values.get(key));
  }

  getMany(keys: string[]): Promise<(string | undefined)[]> {
    return Promise.resolve(keys.map((key) => this.#values.get(key)));
  }

  range({ gt, lt, limit }: KeyRange): Promise<[string, string][]> {
    const start = this.#after(gt);
    const keys = this.#keys.slice(start, Math.min(this.#before(lt), start + limit));
    return Promise.resolve(keys.map((key) => [key, this.#values.get(key) ?? '']));
  }

  count(gt: string, lt: string): Promise<number> {
    return Promise.resolve(Math.max(0, this.#before(lt) - this.#after(gt)));
  }

  write(changes: StoreChange[]): Promise<void> {
    for (const change of changes) {
      const known = this.#values.has(change.key);
      if (change.type === 'put') {
        this.#values.set(change.key, change.value);
        if (!known) this.#keys.splice(this.#before(change.key), 0, change.key);
      } else if (known) {
        this.#values.delete(change.key);
        this.#keys.splice(this.#before(change.key), 1);
      }
    }
    return Promise.resolve();
  }

  checkRoom(): Promise<void> {
    return Promise.resolve();
  }

  reopen(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  fault(fault: LocalFault, detail?: string): OurSmsStorageError {
    return storeFault(fault, undefined, detail);
  }

  /** Index of the first key that is not below this one. */
  #before(key: string): number {
    const keys = this.#keys;
    // Nearly every new key is the highest.
    if (keys.length === 0 || (keys.at(-1) as string) < key) return keys.length;
    let low = 0;
    let high = keys.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((keys[middle] as string) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #after(key: string): number {
    const at = this.#before(key);
    return this.#keys[at] === key ? at + 1 : at;
  }
}
