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

/** Dependencies of {@link HandedOutJobs}. */
export interface HandedOutJobsParts {
  records: JobRecords;
  ledger: QueueLedger;
  writer: GroupWriter;
  picker: JobPicker;
  clock: SteadyClock;
  /** The numbers of the jobs that this process works on. */
  workedOn: Set<number>;
}

/** The jobs of a queue that this process works on, from delivery to the outcome of them. */
export class HandedOutJobs<T> {
  constructor(private readonly parts: HandedOutJobsParts) {}

  /** Marks the next jobs as delivered, durably, and returns them. @param idle Their handlers do not begin at once. */
  next(limit: number, idle = false): Promise<ActiveJob<T>[]> {
    return this.#tellingFaults(() => this.#next(limit, idle));
  }

  /** Marks a job as delivered by the write that adds it: so the disk is waited for once, and not twice. */
  markAdded(number: number, state: JobState, idle: boolean): StoreChange {
    this.parts.workedOn.add(number);
    return put(this.parts.records.keys.active(number), handedOut(state, state.attempts + 1, idle));
  }

  /** A job that was added as delivered; its handler gets the data that is kept. */
  added(number: number, record: string, state: JobState): ActiveJob<T> {
    return this.#activeJob(number, this.parts.records.parse<JobRecord<T>>(record), state);
  }

  /** Jobs that were to be added as delivered are not in the queue. */
  takeBack(numbers: readonly number[]): void {
    for (const number of numbers) this.parts.workedOn.delete(number);
  }

  /** Milliseconds until the next job that waits for a time is due; undefined when none does. */
  nextDueInMs(): Promise<number | undefined> {
    return this.#tellingFaults(() => this.parts.picker.nextDueInMs());
  }

  /**
   * Makes the outcome of a job durable, however long the store is away.
   *
   * @param isStopping Asked when a retry of the store failed: then the outcome is dropped, and the job is redelivered
   * again when the store is back.
   * @throws What is wrong with an outcome that cannot be kept.
   */
  async settle(job: ActiveJob<T>, outcome: FaultOutcome<T>, isStopping: () => boolean): Promise<void> {
    const { writer, workedOn } = this.parts;
    for (let isRepeated = false; ; isRepeated = true) {
      try {
        // The write that failed may be on the disk all the same.
        if (!isRepeated || (await this.#isHandedOut(job))) await this.#write(job, outcome);
        break;
      } catch (error) {
        if (!(error instanceof OurSmsStorageError)) throw error;
        writer.fail(error);
      }
      const store = await writer.whenTriedAgain();
      if (store === 'lost' || (store === 'away' && isStopping())) break;
    }
    workedOn.delete(job.number);
  }

  async #isHandedOut({ number }: ActiveJob<T>): Promise<boolean> {
    const { store, keys } = this.parts.records;
    return (await store.get(keys.active(number))) !== undefined;
  }

  async #write(job: ActiveJob<T>, outcome: FaultOutcome<T>): Promise<void> {
    const { ledger, picker, records, clock } = this.parts;
    const { keys } = records;
    const { id, number, addedAt, attempt, interrupted, interruptedAt: startedAt, interruptedMark: mark } = job;
    const changes = [del(keys.active(number)), ...(outcome.notes ?? []).map(noteChange)];
    if (outcome.kind === 'again') {
      const { inMs, data, uncounted, faults } = outcome;
      const key = keys.later(clock.now() + inMs, number);
      const state: JobState = {
        attempts: uncounted ? attempt - 1 : attempt,
        ...(faults !== undefined && { faults }),
        ...(interrupted && { interrupted, startedAt, mark }),
      };
      const record: JobRecord<T> | undefined = data === undefined ? undefined : { id, addedAt, data };
      changes.push(put(key, state), ...(record ? [put(keys.data(number), record)] : []));
      await ledger.write(changes, { active: -1, waiting: 1 });
      return picker.noteLater(key);
    }
    changes.push(del(keys.data(number)));
    if (outcome.kind === 'done') return ledger.write([...changes, del(keys.id(id))], { active: -1 });
    const { reason, data = job.data } = outcome;
    const record: FailedRecord<T> = { id, data, attempts: attempt, reason, failedAt: Date.now() };
    return ledger.write([...changes, put(keys.failed(number), record)], { active: -1, failed: 1 });
  }

  /** Opening the store anew puts back what is marked as handed out and is not, and lets the consumer go on. */
  async #tellingFaults<R>(read: () => Promise<R>): Promise<R> {
    try {
      await this.parts.ledger.ready();
      return await read();
    } catch (error) {
      if (error instanceof OurSmsStorageError) this.parts.writer.fail(error);
      throw error;
    }
  }

  async #next(limit: number, idle: boolean): Promise<ActiveJob<T>[]> {
    const { records, ledger, picker, workedOn } = this.parts;
    const { keys, store } = records;
    // It is asked several times for each job.
    if (ledger.counts.waiting === 0) return [];
    const picked = await picker.next(limit);
    if (picked.length === 0) return [];
    const numbers = picked.map(({ number }) => number);
    for (const number of numbers) workedOn.add(number);
    try {
      const marks = picked.flatMap(({ key, number, state }) => [
        del(key),
        put(keys.active(number), handedOut(state, state.attempts + 1, idle)),
      ]);
      await ledger.write(marks, { waiting: -picked.length, active: picked.length });
      const found = await store.getMany(numbers.map((number) => keys.data(number)));
      return picked.map(({ number, state }, i) =>
        this.#activeJob(number, records.parse<JobRecord<T>>(found[i]), state),
      );
    } catch (error) {
      for (const number of numbers) workedOn.delete(number);
      throw error;
    }
  }

  #activeJob(number: number, { id, addedAt, data }: JobRecord<T>, state: JobState): ActiveJob<T> {
    const { attempts, faults = 0, interrupted = false, startedAt: interruptedAt, mark: interruptedMark } = state;
    const attempt = attempts + 1;
    const isHeld = (): boolean => this.parts.workedOn.has(number);
    const atWork = (isAtWork: boolean, mark?: string): Promise<void> =>
      this.#mark(number, handedOut(state, attempt, !isAtWork, mark));
    return {
      ...{ id, data, attempt, interrupted, interruptedAt, interruptedMark, isHeld, atWork },
      ...{ number, addedAt, faults },
    };
  }

  #mark(number: number, state: JobState): Promise<void> {
    const { ledger, records, workedOn } = this.parts;
    // There is an outcome already.
    if (!workedOn.has(number)) return Promise.resolve();
    return this.#tellingFaults(() => ledger.write([put(records.keys.active(number), state)], {}));
  }
}

/** The state of a delivered job. Of several tries that were interrupted, the first one's time is kept. */
const handedOut = (before: JobState, attempts: number, idle: boolean, mark?: string): JobState => {
  if (idle) return { ...before, attempts, idle };
  const began = before.startedAt === undefined ? { startedAt: Date.now(), mark } : {};
  return { ...before, ...began, attempts };
};
