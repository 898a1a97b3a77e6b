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
  /** How often in a row its handler has rejected before. */
  readonly faults: number;
}

/** The jobs of a queue that this process works on, from delivery to the outcome of them. */
export class ActiveJobs<T> {
  /** Keys of the jobs that were delivered without a write, since their handlers have not started: in the store they wait. */
  readonly #idle = new Map<number, string>();

  /** @param workedOn The numbers of the jobs that this process works on. */
  constructor(
    private readonly records: JobRecords,
    private readonly ledger: QueueLedger,
    private readonly writer: GroupWriter,
    private readonly picker: JobPicker,
    private readonly clock: SteadyClock,
    private readonly workedOn: Set<number>,
  ) {}

  /**
   * Delivers the next jobs: marks them so, durably, unless their handlers do not begin at once.
   *
   * @param idle Their handlers say when they begin. Until then a crash leaves them as they were.
   */
  next(limit: number, idle = false): Promise<ActiveJob<T>[]> {
    return this.#tellingFaults(() => this.#next(limit, idle));
  }

  /** Marks a job as delivered by the write that adds it: so the disk is waited for once, and not twice. */
  markAdded(number: number, state: JobState): StoreChange {
    this.workedOn.add(number);
    return put(this.records.keys.active(number), activeState(state, state.attempts + 1, false));
  }

  /** A job that was added as delivered; its handler gets the data that is kept. */
  added(number: number, record: string, state: JobState): ActiveJob<T> {
    return this.#activeJob(number, this.records.parse<JobRecord<T>>(record), state);
  }

  /** Jobs that were to be added as delivered are not in the queue. */
  takeBack(numbers: readonly number[]): void {
    for (const number of numbers) this.workedOn.delete(number);
  }

  /** The store was opened again: a write that failed may have marked jobs that were delivered without one. */
  async reload(): Promise<void> {
    const idle = [...this.#idle];
    const kept = await this.records.store.getMany(idle.map(([, key]) => key));
    idle.forEach(([number], i) => {
      if (kept[i] === undefined) this.#leaveList(number, true);
    });
  }

  /** Milliseconds until the next job that waits for a time is due; undefined when none does. */
  nextDueInMs(): Promise<number | undefined> {
    return this.#tellingFaults(() => this.picker.nextDueInMs());
  }

  /**
   * Makes the outcome of a job durable, however long the store is away.
   *
   * @param isStopping Asked when a retry of the store failed: then the outcome is dropped, and the job is redelivered
   * again when the store is back.
   * @param canWait Whether the end of a job may wait for another write: nothing waits for the job to make room.
   * @throws What is wrong with an outcome that cannot be kept.
   */
  async settle(job: ActiveJob<T>, outcome: FaultOutcome<T>, isStopping: () => boolean, canWait = false): Promise<void> {
    for (let isRepeated = false; ; isRepeated = true) {
      try {
        // The write that failed may be on the disk all the same.
        if (!isRepeated || (await this.#isActive(job))) await this.#write(job, outcome, canWait);
        outcome.written?.();
        break;
      } catch (error) {
        if (!(error instanceof OurSmsStorageError)) throw error;
        this.writer.fail(error);
      }
      const store = await this.writer.whenTriedAgain();
      if (store === 'lost' || (store === 'away' && isStopping())) break;
    }
    this.#leaveList(job.number, true);
    this.workedOn.delete(job.number);
  }

  /** Makes the outcomes that wait for another write durable now. */
  hasten(): void {
    this.writer.hasten();
  }

  async #isActive({ number }: ActiveJob<T>): Promise<boolean> {
    return (await this.records.store.get(this.#keyOf(number))) !== undefined;
  }

  /** The key that says where a delivered job is. */
  #keyOf(number: number): string {
    return this.#idle.get(number) ?? this.records.keys.active(number);
  }

  /** A job that was delivered without a write is marked or settled now. @param isUncounted That was not counted with a write. */
  #leaveList(number: number, isUncounted = false): void {
    const key = this.#idle.get(number);
    if (key === undefined) return;
    this.#idle.delete(number);
    this.picker.release(key);
    if (isUncounted) this.ledger.deliverIdle(-1);
  }

  /** Writes changes by which a job is not delivered as it was. */
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
    this.#leaveList(number);
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
      return this.picker.noteLater(key);
    }
    changes.push(del(keys.data(number)));
    // Notes are for others, who may be waiting.
    const isForgotten = outcome.notes === undefined || outcome.notesCanWait === true;
    if (outcome.kind === 'done') return this.#move(number, [...changes, del(keys.id(id))], {}, canWait && isForgotten);
    const { reason, data = job.data } = outcome;
    const record: FailedRecord<T> = { id, data, attempts: attempt, reason, failedAt: Date.now() };
    return this.#move(number, [...changes, put(keys.failed(number), record)], { failed: 1 });
  }

  /** A store that is opened again puts back what is marked as active and is not, and lets the consumer go on. */
  async #tellingFaults<R>(read: () => Promise<R>): Promise<R> {
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
    // It is asked several times for each job.
    if (this.ledger.counts.waiting === 0) return [];
    // One that is being settled may be seen in its list before its settling is over: it is picked again then.
    const picked = (await this.picker.next(limit)).filter(({ number }) => !this.workedOn.has(number));
    if (picked.length === 0) return [];
    const numbers = picked.map(({ number }) => number);
    for (const number of numbers) this.workedOn.add(number);
    try {
      if (idle) for (const { key, number } of picked) this.#enterIdle(number, key);
      else {
        const marks = picked.flatMap(({ key, number, state }) => [
          del(key),
          put(keys.active(number), activeState(state, state.attempts + 1, false)),
        ]);
        await this.ledger.write(marks, { waiting: -picked.length, active: picked.length });
      }
      const kept: (string | undefined)[] = [];
      for (const { record } of picked) kept.push(await record);
      return picked.map(({ number, state }, i) =>
        this.#activeJob(number, this.records.parse<JobRecord<T>>(kept[i]), state),
      );
    } catch (error) {
      for (const number of numbers) {
        this.#leaveList(number, true);
        this.workedOn.delete(number);
      }
      throw error;
    }
  }

  #enterIdle(number: number, key: string): void {
    this.#idle.set(number, key);
    this.picker.take(key);
    this.ledger.deliverIdle(1);
  }

  #activeJob(number: number, { id, addedAt, data }: JobRecord<T>, state: JobState): ActiveJob<T> {
    const { attempts, faults = 0, interrupted = false, startedAt: interruptedAt, mark: interruptedMark } = state;
    const attempt = attempts + 1;
    const isHeld = (): boolean => this.workedOn.has(number);
    const atWork = (isAtWork: boolean, mark?: string): Promise<void> =>
      this.#mark(number, activeState(state, attempt, !isAtWork, mark));
    return {
      ...{ id, data, attempt, interrupted, interruptedAt, interruptedMark, isHeld, atWork },
      ...{ number, addedAt, faults },
    };
  }

  #mark(number: number, state: JobState): Promise<void> {
    // There is an outcome already.
    if (!this.workedOn.has(number)) return Promise.resolve();
    const mark = put(this.records.keys.active(number), state);
    if (!this.#idle.has(number)) return this.#tellingFaults(() => this.ledger.write([mark], {}));
    // In the store it has not started.
    if (state.idle) return Promise.resolve();
    return this.#tellingFaults(() => this.#move(number, [mark], { active: 1 }));
  }
}

/** The state of a delivered job. Of several tries that were interrupted, the first one's time is kept. */
const activeState = (before: JobState, attempts: number, idle: boolean, mark?: string): JobState => {
  if (idle) return { ...before, attempts, idle };
  const began = before.startedAt === undefined ? { startedAt: Date.now(), mark } : {};
  return { ...before, ...began, attempts };
};
