import type { QueueCounts } from './durable-queue.js';
import type { GroupWriter } from './group-writer.js';
import { put, type JobRecords } from './job-records.js';
import { loadQueue, EMPTY_COUNTERS, type QueueCounters } from './load-queue.js';
import type { StoreChange } from './ordered-store.js';
import type { SteadyClock } from './steady-clock.js';

/** Changes of the counts. `idle`: see {@link QueueLedger.countIdle}. */
type Moves = Partial<Record<'waiting' | 'active' | 'failed' | 'idle', number>>;

/** Counts the jobs of a queue. Every write includes the counters, so that they always match the jobs in the store. */
export class QueueLedger {
  /** Counters that include the pending writes. */
  #counters: QueueCounters = EMPTY_COUNTERS;
  /** Counters in the store. */
  #written: QueueCounters = EMPTY_COUNTERS;
  /** Delivered jobs that the store counts as waiting. */
  #idle = 0;
  /** Highest job number so far; a number is never reused. */
  #last = 0;
  #loaded: Promise<void> | undefined;
  #lastChange: Promise<unknown> = Promise.resolve();
  #writing: Promise<unknown> = Promise.resolve();

  /** @param isInFlight Whether the job with this number is delivered in this process. */
  constructor(
    private readonly records: JobRecords,
    private readonly writer: GroupWriter,
    private readonly clock: SteadyClock,
    private readonly isInFlight: (number: number) => boolean,
  ) {}

  /** Counts of the store, corrected by the jobs that were delivered without a write. */
  get counts(): Omit<QueueCounts, 'oldestAt'> {
    const { waiting, active, failed } = this.#written;
    return { waiting: waiting - this.#idle, active: active + this.#idle, failed };
  }

  /** Counts jobs as active that are waiting in the store, because their handlers have not started. @param jobs Negative to undo it. */
  countIdle(jobs: number): void {
    this.#idle += jobs;
  }

  /** Number of waiting jobs, pending writes included. */
  get waiting(): number {
    return this.#counters.waiting;
  }

  /** Number of waiting and active jobs, pending writes included. */
  get pending(): number {
    return this.#counters.waiting + this.#counters.active;
  }

  /** Highest job number so far. */
  get last(): number {
    return this.#last;
  }

  /** A number for a new job. */
  nextNumber(): number {
    return (this.#last += 1);
  }

  /** Resolves once the queue is loaded. @throws {OurSmsStorageError} when it cannot be loaded, or the store is not usable */
  async ready(): Promise<void> {
    this.writer.check();
    const loading = (this.#loaded ??= this.#load((changes) => this.writer.write(changes)));
    try {
      await loading;
    } catch (error) {
      if (this.#loaded === loading) this.#loaded = undefined;
      throw error;
    }
  }

  /** Writes changes and the new counters. Changes nothing while the store is not usable. @param canWait See {@link GroupWriter.write}. */
  async write(changes: StoreChange[], moves: Moves, canWait = false): Promise<void> {
    this.writer.check();
    const { waiting, active, failed } = this.#counters;
    const counters: QueueCounters = {
      last: this.#last,
      waiting: waiting + (moves.waiting ?? 0),
      active: active + (moves.active ?? 0),
      failed: failed + (moves.failed ?? 0),
      at: this.clock.now(),
    };
    this.#counters = counters;
    const writing = this.writer.write([...changes, put(this.records.keys.meta, counters)], canWait);
    this.#writing = writing.catch(() => undefined);
    await writing;
    this.#written = counters;
    this.#idle += moves.idle ?? 0;
  }

  /** Waits for the pending writes. @returns Whether there were any. */
  async flush(): Promise<boolean> {
    const isWriting = this.#counters !== this.#written;
    this.writer.flush();
    await this.#writing;
    return isWriting;
  }

  /** Runs one change at a time, since each change reads before it writes. */
  serialize<R>(change: () => Promise<R>): Promise<R> {
    const result = this.#lastChange.then(async () => {
      await this.ready();
      return change();
    });
    this.#lastChange = result.catch(() => undefined);
    return result;
  }

  /** Reloads the queue, if it was loaded, after the store was reopened and before other writes are accepted. */
  async reload(): Promise<void> {
    // A load that started before the fault must not overwrite the state that is read now.
    await this.#loaded?.catch(() => undefined);
    if (this.#loaded) await this.#load((changes) => this.records.store.write(changes));
  }

  async #load(write: (changes: StoreChange[]) => Promise<void>): Promise<void> {
    const { counters, changes } = await loadQueue(this.records, this.isInFlight);
    if (changes.length > 0) await write(changes);
    this.clock.advanceTo(counters.at);
    this.#last = Math.max(this.#last, counters.last);
    this.#counters = this.#written = counters;
  }
}
