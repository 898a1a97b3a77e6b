import type { OrderedStore, StoreChange } from './ordered-store.js';
import { JobKeys } from './job-keys.js';

/** The keys and the store of a queue, and its errors for unreadable records. */
export class JobRecords {
  readonly keys: JobKeys;

  constructor(
    readonly store: OrderedStore,
    private readonly queue: string,
  ) {
    this.keys = new JobKeys(queue);
  }

  /** @throws {OurSmsStorageError} when the record is missing or damaged */
  parse<R>(text: string | undefined): R {
    try {
      return JSON.parse(text ?? '') as R;
    } catch {
      return this.damaged('a record cannot be read');
    }
  }

  /** @throws {OurSmsStorageError} always: the store is damaged */
  damaged(what: string): never {
    throw this.store.fault('corrupt', `in its queue ${this.queue}, ${what}`);
  }
}

export const put = (key: string, value: unknown): StoreChange & { type: 'put' } => ({
  type: 'put',
  key,
  value: JSON.stringify(value),
});
export const del = (key: string): StoreChange => ({ type: 'del', key });
