import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type {
  DurableQueue,
  FailedJob,
  Job,
  JobHandler,
  NewJob,
  QueueConsumer,
  QueueCounts,
  Verdict,
} from './durable-queue.js';
import type { GroupWriter } from './group-writer.js';
import { JobPicker } from './job-picker.js';
import { noteKey } from './note-key.js';
import type { OrderedStore, StoreChange } from './ordered-store.js';
import { StoredConsumer } from './stored-consumer.js';
import { endOf, JobKeys, numberOf, type FailedRecord, type JobRecord, type JobState } from './stored-job.js';

const PAGE = 200;

/** The counters of a queue, kept with every change so that opening it reads no more than this. */
interface Counters {
  /** The number of the job that was added last. */
  last: number;
  waiting: number;
  active: number;
  failed: number;
}

const NOTHING: Counters = { last: 0, waiting: 0, active: 0, failed: 0 };

/** A job that is handed out. */
export interface ActiveJob<T> extends Job<T> {
  readonly number: number;
  readonly addedAt: number;
}

/** A queue in an ordered store. */
export class StoredQueue<T> implements DurableQueue<T> {
  readonly #keys: JobKeys;
  readonly #picker: JobPicker;
  /** The numbers of the jobs that this process is working on. */
  readonly #working = new Set<number>();
  #counters: Counters = NOTHING;
  /** The number of the job that was added last; a number is never used twice. */
  #last = 0;
  #loaded: Promise<void> | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #consumer: StoredConsumer<T> | undefined;

  constructor(
    private readonly store: OrderedStore,
    private readonly writer: GroupWriter,
    private readonly name: string,
  ) {
    this.#keys = new JobKeys(name);
    this.#picker = new JobPicker(store, this.#keys);
  }

  add(jobs: readonly NewJob<T>[], settles?: string): Promise<void> {
    return this.#inTurn(async () => {
      const keys = this.#keys;
      const unique = [...new Map(jobs.map((job) => [job.id, job])).values()];
      const known = await this.store.getMany(unique.map(({ id }) => keys.id(id)));
      const now = Date.now();
      const changes: StoreChange[] = settles === undefined ? [] : [del(noteKey(settles))];
      let added = 0;
      for (const { id, data, delayMs = 0, attempts = 0 } of unique.filter((_, i) => known[i] === undefined)) {
        const number = ++this.#last;
        const where = delayMs > 0 ? this.#later(now + delayMs, number) : keys.ready(number);
        const record: JobRecord<T> = { id, addedAt: now, data };
        changes.push(put(keys.id(id), number), put(keys.data(number), record), put(where, { attempts }));
        added += 1;
      }
      await this.#write(changes, { waiting: added });
      this.#consumer?.wake();
    });
  }

  consume(handler: JobHandler<T>, { concurrency }: { concurrency: number }): QueueConsumer {
    if (this.#consumer) throw new Error(`the queue ${this.name} has a consumer already`);
    const consumer = new StoredConsumer<T>(this, this.#picker, handler, concurrency);
    this.#consumer = consumer;
    consumer.wake();
    const stop = async (): Promise<void> => {
      await consumer.stop();
      if (this.#consumer === consumer) this.#consumer = undefined;
    };
    return { stop };
  }

  async counts(): Promise<QueueCounts> {
    await this.#ready();
    const list = this.#keys.list('data');
    const [oldest] = await this.store.range({ gt: list, lt: endOf(list), limit: 1 });
    const { waiting, active, failed } = this.#counters;
    return { waiting, active, failed, oldestAt: oldest && this.#parse<JobRecord<T>>(oldest[1]).addedAt };
  }

  async *failed(): AsyncIterable<FailedJob<T>> {
    for await (const page of this.#failedPages()) for (const [, record] of page) yield record;
  }

  retry(id: string): Promise<boolean> {
    return this.#inTurn(async () => {
      const found = await this.#findFailed(id);
      if (found) await this.#again([found]);
      return found !== undefined;
    });
  }

  async retryAll(): Promise<number> {
    await this.#ready();
    const last = this.#keys.failed(this.#last + 1);
    let count = 0;
    for await (const page of this.#failedPages(last)) {
      count += page.length;
      await this.#inTurn(() => this.#again(page));
    }
    return count;
  }

  remove(id: string): Promise<boolean> {
    return this.#inTurn(async () => {
      const found = await this.#findFailed(id);
      if (!found) return false;
      await this.#write([del(found[0]), del(this.#keys.id(id))], { failed: -1 });
      return true;
    });
  }

  /** Marks the next jobs as handed out, durably, and gives them out. */
  async handOut(limit: number): Promise<ActiveJob<T>[]> {
    await this.#ready();
    const picked = await this.#picker.next(limit);
    if (picked.length === 0) return [];
    const keys = this.#keys;
    for (const { number } of picked) this.#working.add(number);
    try {
      const started = picked.flatMap(({ key, number, state }) => [
        del(key),
        put(keys.active(number), { ...state, attempts: state.attempts + 1 }),
      ]);
      await this.#write(started, { waiting: -picked.length, active: picked.length });
      const records = await this.store.getMany(picked.map(({ number }) => keys.data(number)));
      return picked.map(({ number, state }, i) => {
        const { id, addedAt, data } = this.#parse<JobRecord<T>>(records[i]);
        const { attempts, interrupted = false } = state;
        return { id, data, attempt: attempts + 1, interrupted, number, addedAt };
      });
    } catch (error) {
      for (const { number } of picked) this.#working.delete(number);
      // They are marked as handed out and are not: the store is read anew, which puts them back.
      if (error instanceof OurSmsStorageError) this.writer.fail(error);
      throw error;
    }
  }

  /** Makes the verdict on a job durable. */
  async settle(job: ActiveJob<T>, verdict: Verdict<T>): Promise<void> {
    const { number, id, attempt } = job;
    const keys = this.#keys;
    const changes: StoreChange[] = [del(keys.active(number))];
    this.#working.delete(number);
    if (verdict.kind === 'again') {
      const state: JobState = { attempts: verdict.uncounted ? attempt - 1 : attempt };
      changes.push(put(this.#later(Date.now() + verdict.inMs, number), state));
      if (verdict.data !== undefined) {
        const record: JobRecord<T> = { id, addedAt: job.addedAt, data: verdict.data };
        changes.push(put(keys.data(number), record));
      }
      return this.#write(changes, { active: -1, waiting: 1 });
    }
    changes.push(del(keys.data(number)));
    if (verdict.kind === 'done') return this.#write([...changes, del(keys.id(id))], { active: -1 });
    const { reason, data = job.data } = verdict;
    const record: FailedRecord<T> = { id, data, attempts: attempt, reason, failedAt: Date.now() };
    return this.#write([...changes, put(keys.failed(number), record)], { active: -1, failed: 1 });
  }

  /** Reads anew what is known of it: the store was opened again. */
  async reload(): Promise<void> {
    if (this.#loaded !== undefined) await this.#load();
  }

  /** Hands out what is there: the store can be used again. */
  goOn(): void {
    this.#consumer?.wake();
  }

  /** Hands out no more. */
  close(): void {
    void this.#consumer?.stop();
  }

  #later(at: number, number: number): string {
    const key = this.#keys.later(at, number);
    this.#picker.noteLater(key);
    return key;
  }

  /** Writes changes and what they add to the counters. While the store is away, neither. */
  async #write(changes: StoreChange[], added: Partial<Omit<Counters, 'last'>>): Promise<void> {
    this.writer.check();
    const { waiting, active, failed } = this.#counters;
    this.#counters = {
      last: this.#last,
      waiting: waiting + (added.waiting ?? 0),
      active: active + (added.active ?? 0),
      failed: failed + (added.failed ?? 0),
    };
    await this.writer.write([...changes, put(this.#keys.meta, this.#counters)]);
  }

  /** One change by name at a time: each reads before it writes. */
  #inTurn<R>(change: () => Promise<R>): Promise<R> {
    const result = this.#turn.then(async () => {
      await this.#ready();
      return change();
    });
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #ready(): Promise<void> {
    this.writer.check();
    this.#loaded ??= this.#load();
    try {
      await this.#loaded;
    } catch (error) {
      this.#loaded = undefined;
      throw error;
    }
  }

  /** Reads the counters, and puts back what was handed out when the process ended. */
  async #load(): Promise<void> {
    const keys = this.#keys;
    this.#picker.reset();
    const meta = await this.store.get(keys.meta);
    const counters = meta === undefined ? NOTHING : this.#parse<Counters>(meta);
    const active = await this.store.range({ gt: keys.list('active'), lt: endOf(keys.list('active')), limit: Infinity });
    await this.#checkCounters(counters, active.length);
    const interrupted = active.filter(([key]) => !this.#working.has(numberOf(key)));
    const changes = interrupted.flatMap(([key, value]) => [
      del(key),
      put(keys.later(0, numberOf(key)), { ...this.#parse<JobState>(value), interrupted: true }),
    ]);
    this.#last = Math.max(this.#last, counters.last);
    this.#counters = {
      ...counters,
      waiting: counters.waiting + interrupted.length,
      active: counters.active - interrupted.length,
    };
    if (changes.length > 0) await this.store.write([...changes, put(keys.meta, this.#counters)]);
  }

  /** LevelDB drops a damaged part of its log without a word: then what is there no longer fits the counters. */
  async #checkCounters({ waiting, active, failed }: Counters, activeFound: number): Promise<void> {
    const [data, failures] = [this.#keys.list('data'), this.#keys.list('failed')];
    const jobs = await this.store.count(data, endOf(data));
    const failedFound = await this.store.count(failures, endOf(failures));
    if (jobs === waiting + active && active === activeFound && failed === failedFound) return;
    this.#damaged(
      `${waiting + active} jobs and ${failed} failed ones were written, ${jobs} and ${failedFound} are there`,
    );
  }

  #parse<R>(text: string | undefined): R {
    try {
      return JSON.parse(text ?? '') as R;
    } catch {
      return this.#damaged('a record cannot be read');
    }
  }

  #damaged(what: string): never {
    const damaged = `The store is damaged: in its queue ${this.name}, ${what}. Put it back from a backup, or move the directory away to begin anew, and keep what was moved: it may hold reports.`;
    throw new OurSmsStorageError(damaged, { fault: 'corrupt' });
  }

  async #findFailed(id: string): Promise<[key: string, record: FailedRecord<T>] | undefined> {
    const number = await this.store.get(this.#keys.id(id));
    const key = number === undefined ? undefined : this.#keys.failed(Number(number));
    const record = key === undefined ? undefined : await this.store.get(key);
    return key !== undefined && record !== undefined ? [key, this.#parse<FailedRecord<T>>(record)] : undefined;
  }

  async *#failedPages(lt = endOf(this.#keys.list('failed'))): AsyncIterable<[key: string, record: FailedRecord<T>][]> {
    await this.#ready();
    let gt = this.#keys.list('failed');
    for (;;) {
      const found = await this.store.range({ gt, lt, limit: PAGE });
      if (found.length === 0) return;
      gt = (found.at(-1) as [string, string])[0];
      yield found.map(([key, value]) => [key, this.#parse<FailedRecord<T>>(value)]);
    }
  }

  /** Puts failed jobs back, as new ones. Only those that still are failed. */
  async #again(jobs: readonly [key: string, record: FailedRecord<T>][]): Promise<void> {
    const keys = this.#keys;
    const changes: StoreChange[] = [];
    const there = await this.store.getMany(jobs.map(([key]) => key));
    let count = 0;
    for (const [key, { id, data }] of jobs.filter((_, i) => there[i] !== undefined)) {
      const number = ++this.#last;
      const record: JobRecord<T> = { id, addedAt: Date.now(), data };
      changes.push(del(key), put(keys.id(id), number), put(keys.data(number), record));
      changes.push(put(keys.ready(number), { attempts: 0 }));
      count += 1;
    }
    await this.#write(changes, { failed: -count, waiting: count });
    this.#consumer?.wake();
  }
}

const put = (key: string, value: unknown): StoreChange => ({ type: 'put', key, value: JSON.stringify(value) });
const del = (key: string): StoreChange => ({ type: 'del', key });
