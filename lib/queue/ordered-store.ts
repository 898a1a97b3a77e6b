import type { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { LocalFault } from './explain-store-fault.js';

/** A change of one key. */
export type StoreChange = { type: 'put'; key: string; value: string } | { type: 'del'; key: string };

/** Keys above `gt` and below `lt`, in ascending order. */
export interface KeyRange {
  gt: string;
  lt: string;
  /** Maximum number of keys. */
  limit: number;
}

/** Storage of the queues: strings under ordered keys. Every method rejects with an `OurSmsStorageError`. */
export interface OrderedStore {
  get(key: string): Promise<string | undefined>;
  getMany(keys: string[]): Promise<(string | undefined)[]>;
  range(range: KeyRange): Promise<[key: string, value: string][]>;
  /**
   * Number of keys above `gt` and below `lt`.
   *
   * @param hasShortValues Whether the values are shorter than the keys: a store may then read them in place of the keys.
   */
  count(gt: string, lt: string, hasShortValues?: boolean): Promise<number>;
  /** Writes all changes or none. Resolves once they are durable. */
  write(changes: StoreChange[]): Promise<void>;
  /** @throws {OurSmsStorageError} when there is no space for this number of bytes */
  checkRoom(bytes: number): Promise<void>;
  /** Reopens the store after a failed write: only then it is known whether that write is in the store. */
  reopen(): Promise<void>;
  close(): Promise<void>;
  /** The error for a fault of this store. `detail` must not contain stored data. */
  fault(fault: LocalFault, detail?: string): OurSmsStorageError;
}
