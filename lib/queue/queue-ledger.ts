import type { QueueCounts } from './durable-queue.js';
import type { GroupWriter } from './group-writer.js';
import { put, type JobRecords } from './job-records.js';
import { loadQueue, NOTHING, type QueueCounters } from './load-queue.js';
import type { StoreChange } from './ordered-store.js';
import type { SteadyClock } from './steady-clock.js';

/** How many jobs a change adds to what is counted. `idle`: see {@link QueueLedger.deliverIdle}. */
type Moves = Partial<Record<'waiting' | 'active' | 'failed' | 'idle', number>>;

/** Keeps count of a queue: the counters are written with every change, so that they can never part. */
export class QueueLedger {
  /** As they are with all writes that were asked for. */
  #counters: QueueCounters = NOTHING;
  /** As they are in the store. */
  #written: QueueCounters = NOTHING;
  #idle = 0;
  /** The number of the job that was added last; a number is never used twice. */
  #last = 0;
  #loaded: Promise<void> | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #writing: Promise<unknown> = Promise.resolve();

  /** @param isWorkedOn Whether a handler of this process has the job of that number. */
  constructor(
    private readonly records: JobRecords,
    private readonly writer: GroupWriter,
    private readonly clock: SteadyClock,
    private readonly isWorkedOn: (number: number) => boolean,
  ) {}

  /** Jobs by the counters in the store, and those that were delivered without a write. */
  get counts(): Omit<QueueCounts, 'oldestAt'> {
    const { waiting, active, failed } = this.#written;
    return { waiting: waiting - this.#idle, active: active + this.#idle, failed };
  }

  /** Jobs were delivered that wait by what is in the store: their handlers have not started. @param jobs Negative: so many were not. */
  deliverIdle(jobs: number): void {
    this.#idle += jobs;
  }

  /** How many jobs wait, all writes that were asked for included. */
  get waiting(): number {
    return this.#counters.waiting;
  }

  /** The number of the job that was added last. */
  get last(): number {
    return this.#last;
  }

  /** A number for a job that is added. */
  nextNumber(): number {
    return (this.#last += 1);
  }

  /** Resolves when the queue was read. @throws {OurSmsStorageError} when it cannot be, or the store is away */
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

  /** Writes changes, and what they add to the counters. While the store is away, neither. @param canWait See {@link GroupWriter.write}. */
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

  /** Waits for what was asked for to be written. @returns Whether there was any. */
  async flush(): Promise<boolean> {
    const isWriting = this.#counters !== this.#written;
    this.writer.hasten();
    await this.#writing;
    return isWriting;
  }

  /** One change by name at a time: each reads before it writes. */
  inTurn<R>(change: () => Promise<R>): Promise<R> {
    const result = this.#turn.then(async () => {
      await this.ready();
      return change();
    });
    this.#turn = result.catch(() => undefined);
    return result;
  }

  /** Reads the queue again, if it was read: the store was opened again, and takes no writes of others yet. */
  async reload(): Promise<void> {
    // What was read before the store failed may be wrong, and must not come after what is read now.
    await this.#loaded?.catch(() => undefined);
    if (this.#loaded) await this.#load((changes) => this.records.store.write(changes));
  }

  async #load(write: (changes: StoreChange[]) => Promise<void>): Promise<void> {
    const { counters, changes } = await loadQueue(this.records, this.isWorkedOn);
    if (changes.length > 0) await write(changes);
    this.clock.goOnFrom(counters.at);
    this.#last = Math.max(this.#last, counters.last);
    this.#counters = this.#written = counters;
  }
}
