import type { FailedJob } from './durable-queue.js';
import { del, put, type JobRecords } from './job-records.js';
import type { StoreChange } from './ordered-store.js';
import type { QueueLedger } from './queue-ledger.js';
import type { FailedRecord, JobRecord } from './stored-job.js';

/** How many are read at a time. */
const PAGE = 200;

type Entry<T> = [key: string, record: FailedRecord<T>];

/** The jobs of a queue that are kept as failed. */
export class FailedJobs<T> {
  /** @param onPutBack Called when some were put back. */
  constructor(
    private readonly records: JobRecords,
    private readonly ledger: QueueLedger,
    private readonly onPutBack: () => void,
  ) {}

  /** Those that have failed by now, oldest first. */
  async *all(): AsyncIterable<FailedJob<T>> {
    for await (const page of this.#pages()) for (const [, record] of page) yield record;
  }

  /** Puts one back. @returns Whether there was one of this name. */
  retry(id: string): Promise<boolean> {
    return this.ledger.inTurn(async () => {
      const found = await this.#find(id);
      return found !== undefined && (await this.#putBack([found])) > 0;
    });
  }

  /** Puts all back that have failed by now. @returns How many there were. */
  async retryAll(): Promise<number> {
    let count = 0;
    for await (const page of this.#pages()) count += await this.ledger.inTurn(() => this.#putBack(page));
    return count;
  }

  /** Forgets one. @returns Whether there was one of this name. */
  remove(id: string): Promise<boolean> {
    return this.ledger.inTurn(async () => {
      const found = await this.#find(id);
      if (!found) return false;
      await this.ledger.write([del(found[0]), del(this.records.keys.id(id))], { failed: -1 });
      return true;
    });
  }

  async #find(id: string): Promise<Entry<T> | undefined> {
    const { keys, store } = this.records;
    const number = await store.get(keys.id(id));
    if (number === undefined) return undefined;
    const key = keys.failed(Number(number));
    const record = await store.get(key);
    return record === undefined ? undefined : [key, this.records.parse<FailedRecord<T>>(record)];
  }

  /** Ends also when those that are put back meanwhile fail again at once: as new jobs they have higher numbers. */
  async *#pages(): AsyncIterable<Entry<T>[]> {
    await this.ledger.ready();
    const { keys, store } = this.records;
    const lt = keys.failed(this.ledger.last + 1);
    for (let gt = keys.list('failed'); ;) {
      const found = await store.range({ gt, lt, limit: PAGE });
      const last = found.at(-1);
      if (last === undefined) return;
      gt = last[0];
      yield found.map(([key, value]) => [key, this.records.parse<FailedRecord<T>>(value)]);
      await this.ledger.ready();
    }
  }

  /** Puts failed jobs back, as new ones. @returns How many of them still were failed. */
  async #putBack(jobs: readonly Entry<T>[]): Promise<number> {
    const { keys, store } = this.records;
    const there = await store.getMany(jobs.map(([key]) => key));
    const left = jobs.filter((_, i) => there[i] !== undefined);
    if (left.length === 0) return 0;
    const changes = left.flatMap(([key, { id, data }]): StoreChange[] => {
      const number = this.ledger.nextNumber();
      const record: JobRecord<T> = { id, addedAt: Date.now(), data };
      return [
        del(key),
        put(keys.id(id), number),
        put(keys.data(number), record),
        put(keys.ready(number), { attempts: 0 }),
      ];
    });
    await this.ledger.write(changes, { failed: -left.length, waiting: left.length });
    this.onPutBack();
    return left.length;
  }
}
