import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { Job } from './durable-queue.js';
import type { FaultOutcome } from './faulty-handler.js';
import type { GroupWriter } from './group-writer.js';
import type { JobPicker } from './job-picker.js';
import { del, put, type JobRecords } from './job-records.js';
import { noteChange } from './note-key.js';
import type { StoreChange } from './ordered-store.js';
import type { QueueLedger } from './queue-ledger.js';
import type { SteadyClock } from './steady-clock.js';
import type { FailedRecord, JobRecord, JobState } from './stored-job.js';

/** A job that is delivered to a handler. */
export interface ActiveJob<T> extends Job<T> {
  readonly number: number;
  readonly addedAt: number;
  /** Consecutive rejections of its handler so far. */
  readonly faults: number;
}

/** The jobs of a queue that are in flight in this process: delivers them, and stores their outcomes. */
export class ActiveJobs<T> {
  /** Keys of the jobs that were delivered without a write, by number: in the store they are waiting until their handlers start. */
  readonly #idle = new Map<number, string>();

  /** @param inFlight Numbers of the jobs that were delivered in this process and have no durable outcome. */
  constructor(
    private readonly records: JobRecords,
    private readonly ledger: QueueLedger,
    private readonly writer: GroupWriter,
    private readonly picker: JobPicker,
    private readonly clock: SteadyClock,
    private readonly inFlight: Set<number>,
  ) {}

  /**
   * Delivers the next jobs, and marks them durably as delivered.
   *
   * @param idle Writes no mark, because the handlers report when they start: a crash before that leaves the jobs unchanged.
   */
  next(limit: number, idle = false): Promise<ActiveJob<T>[]> {
    return this.#reportingFaults(() => this.#next(limit, idle));
  }

  /** The change that marks a job as delivered in the write that adds it: one wait for the disk instead of two. */
  markAdded(number: number, state: JobState): StoreChange {
    this.inFlight.add(number);
    return put(this.records.keys.active(number), activeState(state, state.attempts + 1, false));
  }

  /** A job that was added as delivered. Its handler gets the stored data, not the object of the caller. */
  added(number: number, record: string, state: JobState): ActiveJob<T> {
    return this.#activeJob(number, this.records.parse<JobRecord<T>>(record), state);
  }

  /** Undoes {@link markAdded} after its write failed. */
  undoAdded(numbers: readonly number[]): void {
    for (const number of numbers) this.inFlight.delete(number);
  }

  /** Call after the store was reopened: a failed write may have marked jobs that were delivered without a write. */
  async reload(): Promise<void> {
    const idle = [...this.#idle];
    const stored = await this.records.store.getMany(idle.map(([, key]) => key));
    idle.forEach(([number], i) => {
      if (stored[i] === undefined) this.#forgetIdle(number, true);
    });
  }

  /** Milliseconds until the next delayed job is due; undefined when no job is delayed. */
  nextDueInMs(): Promise<number | undefined> {
    return this.#reportingFaults(() => this.picker.nextDueInMs());
  }

  /**
   * Makes the outcome of a job durable. Retries until the store is available again.
   *
   * @param isStopping Called when a retry of the store failed. If true, the outcome is dropped, and the job is redelivered once
   * the store is available.
   * @param canWait Whether the deletion of a finished job may be delayed to share a batch.
   * @throws The error of an outcome that cannot be serialized.
   */
  async settle(job: ActiveJob<T>, outcome: FaultOutcome<T>, isStopping: () => boolean, canWait = false): Promise<void> {
    for (let isRepeated = false; ; isRepeated = true) {
      try {
        // The failed write may have reached the disk.
        if (!isRepeated || (await this.#isActive(job))) await this.#write(job, outcome, canWait);
        outcome.written?.();
        break;
      } catch (error) {
        if (!(error instanceof OurSmsStorageError)) throw error;
        this.writer.fail(error);
      }
      const store = await this.writer.whenRetried();
      if (store === 'lost' || (store === 'unavailable' && isStopping())) break;
    }
    this.#forgetIdle(job.number, true);
    this.inFlight.delete(job.number);
  }

  /** Writes the delayed outcomes now. */
  flush(): void {
    this.writer.flush();
  }

  async #isActive({ number }: ActiveJob<T>): Promise<boolean> {
    return (await this.records.store.get(this.#keyOf(number))) !== undefined;
  }

  /** The key of a delivered job in its list. */
  #keyOf(number: number): string {
    return this.#idle.get(number) ?? this.records.keys.active(number);
  }

  /** Call when an idle job is marked, settled or not delivered. @param adjustCounts False if a write has adjusted the counts already. */
  #forgetIdle(number: number, adjustCounts = false): void {
    const key = this.#idle.get(number);
    if (key === undefined) return;
    this.#idle.delete(number);
    this.picker.release(key);
    if (adjustCounts) this.ledger.countIdle(-1);
  }

  /** Moves a delivered job to another list, together with other changes. */
  async #move(
    number: number,
    changes: StoreChange[],
    to: { waiting?: number; active?: number; failed?: number },
    canWait = false,
  ): Promise<void> {
    const { waiting = 0, active = 0, failed } = to;
    const isIdle = this.#idle.has(number);
    const moves = isIdle ? { waiting: waiting - 1, active, failed, idle: -1 } : { waiting, active: active - 1, failed };
    await this.ledger.write([del(this.#keyOf(number)), ...changes], moves, canWait);
    this.#forgetIdle(number);
  }

  async #write(job: ActiveJob<T>, outcome: FaultOutcome<T>, canWait: boolean): Promise<void> {
    const { keys } = this.records;
    const { id, number, addedAt, attempt, interrupted, interruptedAt: startedAt, interruptedMark: mark } = job;
    const changes = (outcome.notes ?? []).map(noteChange);
    if (outcome.kind === 'again') {
      const { inMs, data, uncounted, faults } = outcome;
      const at = this.clock.now() + inMs;
      const key = keys.later(this.#keyOf(number) === keys.later(at, number) ? at + 1 : at, number);
      const state: JobState = {
        attempts: uncounted ? attempt - 1 : attempt,
        ...(faults !== undefined && { faults }),
        ...(interrupted && { interrupted, startedAt, mark }),
      };
      const record: JobRecord<T> | undefined = data === undefined ? undefined : { id, addedAt, data };
      changes.push(put(key, state), ...(record ? [put(keys.data(number), record)] : []));
      await this.#move(number, changes, { waiting: 1 });
      return this.picker.addDelayed(key);
    }
    changes.push(del(keys.data(number)));
    // The caller of a note may wait for it.
    const mayDelay = outcome.notes === undefined || outcome.notesCanWait === true;
    if (outcome.kind === 'done') return this.#move(number, [...changes, del(keys.id(id))], {}, canWait && mayDelay);
    const { reason, data = job.data } = outcome;
    const record: FailedRecord<T> = { id, data, attempts: attempt, reason, failedAt: Date.now() };
    return this.#move(number, [...changes, put(keys.failed(number), record)], { failed: 1 });
  }

  /** Reports storage errors to the writer: recovery reopens the store, requeues jobs that are wrongly marked, and resumes delivery. */
  async #reportingFaults<R>(read: () => Promise<R>): Promise<R> {
    try {
      await this.ledger.ready();
      return await read();
    } catch (error) {
      if (error instanceof OurSmsStorageError) this.writer.fail(error);
      throw error;
    }
  }

  async #next(limit: number, idle: boolean): Promise<ActiveJob<T>[]> {
    const { keys } = this.records;
    // This runs several times for each job.
    if (this.ledger.counts.waiting === 0) return [];
    // A job may be in its list again while its outcome is still being settled: it is picked later.
    const picked = (await this.picker.next(limit)).filter(({ number }) => !this.inFlight.has(number));
    if (picked.length === 0) return [];
    const numbers = picked.map(({ number }) => number);
    for (const number of numbers) this.inFlight.add(number);
    try {
      if (idle) for (const { key, number } of picked) this.#addIdle(number, key);
      else {
        const marks = picked.flatMap(({ key, number, state }) => [
          del(key),
          put(keys.active(number), activeState(state, state.attempts + 1, false)),
        ]);
        await this.ledger.write(marks, { waiting: -picked.length, active: picked.length });
      }
      const stored: (string | undefined)[] = [];
      for (const { record } of picked) stored.push(await record);
      return picked.map(({ number, state }, i) =>
        this.#activeJob(number, this.records.parse<JobRecord<T>>(stored[i]), state),
      );
    } catch (error) {
      for (const number of numbers) {
        this.#forgetIdle(number, true);
        this.inFlight.delete(number);
      }
      throw error;
    }
  }

  #addIdle(number: number, key: string): void {
    this.#idle.set(number, key);
    this.picker.claim(key);
    this.ledger.countIdle(1);
  }

  #activeJob(number: number, { id, addedAt, data }: JobRecord<T>, state: JobState): ActiveJob<T> {
    const { attempts, faults = 0, interrupted = false, startedAt: interruptedAt, mark: interruptedMark } = state;
    const attempt = attempts + 1;
    const isHeld = (): boolean => this.inFlight.has(number);
    const atWork = (isAtWork: boolean, mark?: string): Promise<void> =>
      this.#mark(number, activeState(state, attempt, !isAtWork, mark));
    return {
      ...{ id, data, attempt, interrupted, interruptedAt, interruptedMark, isHeld, atWork },
      ...{ number, addedAt, faults },
    };
  }

  #mark(number: number, state: JobState): Promise<void> {
    // The job has an outcome already.
    if (!this.inFlight.has(number)) return Promise.resolve();
    const mark = put(this.records.keys.active(number), state);
    if (!this.#idle.has(number)) return this.#reportingFaults(() => this.ledger.write([mark], {}));
    // The store has no mark of a start.
    if (state.idle) return Promise.resolve();
    return this.#reportingFaults(() => this.#move(number, [mark], { active: 1 }));
  }
}

/** The state of a delivered job. It keeps the start of the first interrupted attempt. */
const activeState = (before: JobState, attempts: number, idle: boolean, mark?: string): JobState => {
  if (idle) return { ...before, attempts, idle };
  const start = before.startedAt === undefined ? { startedAt: Date.now(), mark } : {};
  return { ...before, ...start, attempts };
};
