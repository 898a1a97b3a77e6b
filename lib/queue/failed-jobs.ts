import type { FailedJob } from './durable-queue.js';
import { del, put, type JobRecords } from './job-records.js';
import type { StoreChange } from './ordered-store.js';
import type { QueueLedger } from './queue-ledger.js';
import type { FailedRecord, JobRecord } from './stored-job.js';

/** Failed jobs that are read at a time. */
const PAGE = 200;

type Entry<T> = [key: string, record: FailedRecord<T>];

/** The dead-lettered jobs of a queue. */
export class FailedJobs<T> {
  /** @param onRequeued Called after jobs were requeued. */
  constructor(
    private readonly records: JobRecords,
    private readonly ledger: QueueLedger,
    private readonly onRequeued: () => void,
  ) {}

  /** All jobs that have failed before this call, oldest first. */
  async *all(): AsyncIterable<FailedJob<T>> {
    for await (const page of this.#pages()) for (const [, record] of page) yield record;
  }

  /** Requeues a failed job. @returns Whether there was a failed job of this name. */
  retry(id: string): Promise<boolean> {
    return this.ledger.serialize(async () => {
      const found = await this.#find(id);
      return found !== undefined && (await this.#requeue([found])) > 0;
    });
  }

  /** Requeues all jobs that have failed before this call. @returns Their number. */
  async retryAll(): Promise<number> {
    let count = 0;
    for await (const page of this.#pages()) count += await this.ledger.serialize(() => this.#requeue(page));
    return count;
  }

  /** Deletes a failed job. @returns Whether there was a failed job of this name. */
  remove(id: string): Promise<boolean> {
    return this.ledger.serialize(async () => {
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

  /** Excludes jobs that are requeued and fail again meanwhile, by their higher numbers: otherwise it might never end. */
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

  /** Requeues failed jobs as new ones. @returns Number of jobs that were still there. */
  async #requeue(jobs: readonly Entry<T>[]): Promise<number> {
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
    this.onRequeued();
    return left.length;
  }
}
