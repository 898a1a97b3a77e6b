import type { OrderedStore, StoreChange } from './ordered-store.js';
import { JobKeys } from './stored-job.js';

/** The records of a queue, and what is said when one of them cannot be read. */
export class JobRecords {
  readonly keys: JobKeys;

  constructor(
    readonly store: OrderedStore,
    private readonly queue: string,
  ) {
    this.keys = new JobKeys(queue);
  }

  /** @throws {OurSmsStorageError} when there is none, or it is damaged */
  parse<R>(text: string | undefined): R {
    try {
      return JSON.parse(text ?? '') as R;
    } catch {
      return this.damaged('a record cannot be read');
    }
  }

  /** @throws {OurSmsStorageError} saying so */
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
