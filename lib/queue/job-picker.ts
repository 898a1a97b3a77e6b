import type { JobRecords } from './job-records.js';
import type { SteadyClock } from './steady-clock.js';
import { dueOf, endOf, numberOf } from './job-keys.js';
import type { JobState } from './stored-job.js';

/** Ready jobs that are read at a time. */
const READ_AHEAD = 256;
/** Job records that are read ahead at a time. Fewer, since a record may be a page of reports. */
const RECORDS_AHEAD = 16;

/** A job that can be delivered now. */
interface PickedJob {
  /** Its key in the list of ready or delayed jobs. */
  key: string;
  number: number;
  state: JobState;
  /** Its stored record, read ahead. */
  record?: Promise<string | undefined>;
}

/**
 * Finds the jobs to deliver next. Each scan continues after the last key, since deleted keys are slow to scan.
 * Delayed jobs are not scanned before the first of them is due.
 */
export class JobPicker {
  #readyFrom: string;
  /** Ready jobs that were read ahead: their list only grows at its end. */
  #ready: PickedJob[] = [];
  #resets = 0;
  #delayedFrom: string;
  /** Earliest time at which a delayed job can be due; Infinity when no job is delayed. */
  #dueAt = 0;
  /** Counts changes to the start of a scan by other methods, so that a running scan does not overwrite it. */
  #changes = 0;
  /** Keys of delivered jobs that are still in their list. */
  readonly #claimed = new Set<string>();

  constructor(
    private readonly records: JobRecords,
    private readonly clock: SteadyClock,
  ) {
    this.#readyFrom = records.keys.list('ready');
    this.#delayedFrom = records.keys.list('later');
  }

  /**
   * The next jobs, due delayed jobs first. Before the next call, the caller must delete each job from its list, or {@link claim}
   * it.
   */
  async next(limit: number): Promise<PickedJob[]> {
    const due = await this.#nextDue(limit);
    this.#readRecords(due);
    const left = limit - due.length;
    if (left === 0) return due;
    if (this.#ready.length === 0) await this.#readReady(Math.max(left, READ_AHEAD));
    const isUnread = ({ record }: PickedJob): boolean => record === undefined;
    const unread = this.#ready.slice(0, left + RECORDS_AHEAD).filter(isUnread);
    const next = this.#ready.splice(0, left);
    // While one half is being read, the other half is ready.
    if (unread.length >= RECORDS_AHEAD / 2 || next.some(isUnread)) this.#readRecords(unread);
    return [...due, ...next];
  }

  /** Milliseconds until the next delayed job is due; undefined when no job is delayed. */
  async nextDueInMs(): Promise<number | undefined> {
    if (this.#dueAt <= this.clock.now()) await this.#nextDue(0);
    return this.#dueAt === Infinity ? undefined : Math.max(0, this.#dueAt - this.clock.now());
  }

  /** Skips a delivered job that stays in its list, until {@link release}. */
  claim(key: string): void {
    this.#claimed.add(key);
  }

  /** Call when a claimed job is deleted from its list, or no longer delivered. */
  release(key: string): void {
    this.#claimed.delete(key);
  }

  /** Call when a delayed job was stored. */
  addDelayed(key: string): void {
    this.#changes += 1;
    this.#dueAt = Math.min(this.#dueAt, dueOf(key));
    if (key <= this.#delayedFrom) this.#delayedFrom = this.records.keys.later(dueOf(key), numberOf(key) - 1);
  }

  /** Restarts all scans from the start of their lists. */
  reset(): void {
    this.#changes += 1;
    this.#resets += 1;
    this.#ready = [];
    this.#dueAt = 0;
    this.#readyFrom = this.records.keys.list('ready');
    this.#delayedFrom = this.records.keys.list('later');
  }

  async #readReady(limit: number): Promise<void> {
    const resets = this.#resets;
    const ready = await this.#read(this.#readyFrom, endOf(this.records.keys.list('ready')), limit);
    // The store was reopened meanwhile: the next scan restarts.
    if (resets !== this.#resets) return;
    this.#readyFrom = ready.at(-1)?.key ?? this.#readyFrom;
    this.#ready = ready;
  }

  /** Starts to read the records of jobs. The records of waiting jobs do not change. */
  #readRecords(jobs: readonly PickedJob[]): void {
    if (jobs.length === 0) return;
    const { keys, store } = this.records;
    const names = jobs.map(({ number }) => keys.data(number));
    const reading = store.getMany(names);
    for (const [i, job] of jobs.entries()) {
      // A damaged record must not delay the other jobs.
      job.record = reading.then(
        (found) => found[i],
        () => store.get(names[i] as string),
      );
      // The delivery of the job rejects with it.
      job.record.catch(() => undefined);
    }
  }

  async #nextDue(limit: number): Promise<PickedJob[]> {
    const now = this.clock.now();
    if (now < this.#dueAt) return [];
    const changes = this.#changes;
    // One more than the limit: its time is the time of the next scan.
    const found = await this.#read(this.#delayedFrom, endOf(this.records.keys.list('later')), limit + 1);
    const due = found.slice(0, limit).filter(({ key }) => dueOf(key) <= now);
    // A job that was added meanwhile may sort before these.
    if (changes === this.#changes) {
      this.#delayedFrom = due.at(-1)?.key ?? this.#delayedFrom;
      const next = found[due.length];
      this.#dueAt = next ? dueOf(next.key) : Infinity;
    }
    return due;
  }

  async #read(gt: string, lt: string, limit: number): Promise<PickedJob[]> {
    // A copy: the result may contain a job that is released during the read.
    const claimed = new Set(this.#claimed);
    const read = await this.records.store.range({ gt, lt, limit: limit + claimed.size });
    const found = read.filter(([key]) => !claimed.has(key)).slice(0, limit);
    return found.map(([key, value]) => ({ key, number: numberOf(key), state: this.records.parse<JobState>(value) }));
  }
}
