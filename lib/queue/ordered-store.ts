import type { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { LocalFault } from './explain-store-fault.js';

/** A change of one key. */
export type StoreChange = { type: 'put'; key: string; value: string } | { type: 'del'; key: string };

/** Keys above `gt` and below `lt`, in order. */
export interface KeyRange {
  gt: string;
  lt: string;
  /** No more than so many. */
  limit: number;
}

/** Storage of the queues: strings under ordered keys. Every method rejects with an `OurSmsStorageError`. */
export interface OrderedStore {
  get(key: string): Promise<string | undefined>;
  getMany(keys: string[]): Promise<(string | undefined)[]>;
  range(range: KeyRange): Promise<[key: string, value: string][]>;
  /** How many keys there are above one and below another. */
  count(gt: string, lt: string): Promise<number>;
  /** All changes or none. Resolves once they are durable. */
  write(changes: StoreChange[]): Promise<void>;
  /** @throws {OurSmsStorageError} unless so many bytes can be written now */
  checkRoom(bytes: number): Promise<void>;
  /** Opens it again after a write that failed: what it holds then is what counts. */
  reopen(): Promise<void>;
  close(): Promise<void>;
  /** The error of this store for a fault; `detail` tells more, and no data. */
  fault(fault: LocalFault, detail?: string): OurSmsStorageError;
}
