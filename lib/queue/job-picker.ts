import type { JobRecords } from './job-records.js';
import type { SteadyClock } from './steady-clock.js';
import { dueOf, endOf, numberOf, type JobState } from './stored-job.js';

/** Jobs that are read at a time of those that are ready. */
const READ_AHEAD = 256;
/** Of so many of those the records are read at a time: they may be pages of reports. */
const RECORDS_AHEAD = 16;

/** A job whose turn it is. */
export interface PickedJob {
  /** The key that it waits under. */
  key: string;
  number: number;
  state: JobState;
  /** What is kept of it: read before its turn. */
  record?: Promise<string | undefined>;
}

/**
 * Finds the jobs whose turn it is. It continues where it stopped: earlier keys are deleted, and slow to scan.
 * Those that wait for a time are looked at when the first of them is due, and not before.
 */
export class JobPicker {
  #readyFrom: string;
  /** Those that are ready and were read before their turn: their list grows at its end only. */
  #ready: PickedJob[] = [];
  #resets = 0;
  #laterFrom: string;
  /** When the first job that waits for a time is due: no later than it is, and Infinity when none waits. */
  #dueAt = 0;
  /** How often the start of the scan was set from outside. */
  #changes = 0;
  /** Keys that were picked, and still stand in their list. */
  readonly #taken = new Set<string>();

  constructor(
    private readonly records: JobRecords,
    private readonly clock: SteadyClock,
  ) {
    this.#readyFrom = records.keys.list('ready');
    this.#laterFrom = records.keys.list('later');
  }

  /**
   * The next jobs, those whose time has come first. Each must be taken out of its list before the next call, unless it is taken by
   * {@link take}.
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
    // Half of them are there while the others are being read.
    if (unread.length >= RECORDS_AHEAD / 2 || next.some(isUnread)) this.#readRecords(unread);
    return [...due, ...next];
  }

  /** Milliseconds until the next job that waits for a time is due; undefined when none does. */
  async nextDueInMs(): Promise<number | undefined> {
    if (this.#dueAt <= this.clock.now()) await this.#nextDue(0);
    return this.#dueAt === Infinity ? undefined : Math.max(0, this.#dueAt - this.clock.now());
  }

  /** A job that was picked is delivered, and stays in its list: it is not picked again until {@link release}. */
  take(key: string): void {
    this.#taken.add(key);
  }

  /** A job that was taken is not in its list any more, or not delivered any more. */
  release(key: string): void {
    this.#taken.delete(key);
  }

  /** A job stands among those that wait for a time now. */
  noteLater(key: string): void {
    this.#changes += 1;
    this.#dueAt = Math.min(this.#dueAt, dueOf(key));
    if (key <= this.#laterFrom) this.#laterFrom = this.records.keys.later(dueOf(key), numberOf(key) - 1);
  }

  /** Forgets where it was. */
  reset(): void {
    this.#changes += 1;
    this.#resets += 1;
    this.#ready = [];
    this.#dueAt = 0;
    this.#readyFrom = this.records.keys.list('ready');
    this.#laterFrom = this.records.keys.list('later');
  }

  async #readReady(limit: number): Promise<void> {
    const resets = this.#resets;
    const ready = await this.#read(this.#readyFrom, endOf(this.records.keys.list('ready')), limit);
    // The store was opened again meanwhile, and is read from the start.
    if (resets !== this.#resets) return;
    this.#readyFrom = ready.at(-1)?.key ?? this.#readyFrom;
    this.#ready = ready;
  }

  /** Begins to read the records of jobs that wait: they do not change. */
  #readRecords(jobs: readonly PickedJob[]): void {
    if (jobs.length === 0) return;
    const { keys, store } = this.records;
    const names = jobs.map(({ number }) => keys.data(number));
    const reading = store.getMany(names);
    for (const [i, job] of jobs.entries()) {
      // One that is damaged keeps back none of the others.
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
    // One more than is asked for: it says when to look again.
    const found = await this.#read(this.#laterFrom, endOf(this.records.keys.list('later')), limit + 1);
    const due = found.slice(0, limit).filter(({ key }) => dueOf(key) <= now);
    // One that was put there meanwhile may stand before these.
    if (changes === this.#changes) {
      this.#laterFrom = due.at(-1)?.key ?? this.#laterFrom;
      const next = found[due.length];
      this.#dueAt = next ? dueOf(next.key) : Infinity;
    }
    return due;
  }

  async #read(gt: string, lt: string, limit: number): Promise<PickedJob[]> {
    // As they are now: one that is released meanwhile may still be in what is read.
    const taken = new Set(this.#taken);
    const read = await this.records.store.range({ gt, lt, limit: limit + taken.size });
    const found = read.filter(([key]) => !taken.has(key)).slice(0, limit);
    return found.map(([key, value]) => ({ key, number: numberOf(key), state: this.records.parse<JobState>(value) }));
  }
}
