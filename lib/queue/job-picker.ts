import type { OrderedStore } from './ordered-store.js';
import { dueOf, endOf, numberOf, type JobKeys, type JobState } from './stored-job.js';

/** A job whose turn it is. */
export interface PickedJob {
  /** The key that it waits under. */
  key: string;
  number: number;
  state: JobState;
}

/** Finds the jobs whose turn it is. It goes on where it stopped: what was there before is deleted, and slow to look through. */
export class JobPicker {
  #readyFrom: string;
  #laterFrom: string;

  constructor(
    private readonly store: OrderedStore,
    private readonly keys: JobKeys,
  ) {
    this.#readyFrom = keys.list('ready');
    this.#laterFrom = keys.list('later');
  }

  /** The next jobs, those whose time has come first. Each must be taken out of its list before the next call. */
  async next(limit: number): Promise<PickedJob[]> {
    const due = await this.#read(this.#laterFrom, this.keys.later(Date.now() + 1, 0), limit);
    this.#laterFrom = due.at(-1)?.key ?? this.#laterFrom;
    if (due.length === limit) return due;
    const ready = await this.#read(this.#readyFrom, endOf(this.keys.list('ready')), limit - due.length);
    this.#readyFrom = ready.at(-1)?.key ?? this.#readyFrom;
    return [...due, ...ready];
  }

  /** Milliseconds until the next job that waits for a time is due; undefined when none does. */
  async nextDueInMs(): Promise<number | undefined> {
    const [first] = await this.#read(this.#laterFrom, endOf(this.keys.list('later')), 1);
    return first && Math.max(0, dueOf(first.key) - Date.now());
  }

  /** A job was put among those that wait for a time. */
  noteLater(key: string): void {
    if (key <= this.#laterFrom) this.#laterFrom = this.keys.list('later');
  }

  /** Forgets where it was. */
  reset(): void {
    this.#readyFrom = this.keys.list('ready');
    this.#laterFrom = this.keys.list('later');
  }

  async #read(gt: string, lt: string, limit: number): Promise<PickedJob[]> {
    const found = await this.store.range({ gt, lt, limit });
    return found.map(([key, value]) => ({ key, number: numberOf(key), state: JSON.parse(value) as JobState }));
  }
}
