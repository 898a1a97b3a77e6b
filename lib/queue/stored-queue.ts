import type {
  ConsumeOptions,
  DurableQueue,
  FailedJob,
  JobHandler,
  NewJob,
  NoteChange,
  QueueConsumer,
  QueueCounts,
} from './durable-queue.js';
import { FailedJobs } from './failed-jobs.js';
import type { GroupWriter } from './group-writer.js';
import { ActiveJobs, type ActiveJob } from './active-jobs.js';
import { JobPicker } from './job-picker.js';
import { JobRecords, put } from './job-records.js';
import { noteChange } from './note-key.js';
import type { OrderedStore, StoreChange } from './ordered-store.js';
import { QueueLedger } from './queue-ledger.js';
import type { SteadyClock } from './steady-clock.js';
import { StoredConsumer } from './stored-consumer.js';
import { endOf } from './job-keys.js';
import type { JobRecord } from './stored-job.js';

/** A job that the write that adds it also marks as delivered. */
interface DeliveredJob<T> {
  number: number;
  read: () => ActiveJob<T>;
}

/** A queue in an ordered store. */
export class StoredQueue<T> implements DurableQueue<T> {
  readonly #records: JobRecords;
  readonly #ledger: QueueLedger;
  readonly #picker: JobPicker;
  readonly #active: ActiveJobs<T>;
  readonly #failed: FailedJobs<T>;
  #consumer: StoredConsumer<T> | undefined;

  /** @param onRelease Called when this queue is released. */
  constructor(
    private readonly name: string,
    private readonly store: OrderedStore,
    private readonly writer: GroupWriter,
    private readonly clock: SteadyClock,
    private readonly onRelease: () => void,
  ) {
    const inFlight = new Set<number>();
    const records = new JobRecords(store, name);
    const ledger = new QueueLedger(records, writer, clock, (number) => inFlight.has(number));
    const picker = new JobPicker(records, clock);
    this.#active = new ActiveJobs(records, ledger, writer, picker, clock, inFlight);
    this.#failed = new FailedJobs(records, ledger, () => this.#consumer?.wake());
    this.#records = records;
    this.#ledger = ledger;
    this.#picker = picker;
  }

  add(jobs: readonly NewJob<T>[], notes: readonly NoteChange[] = []): Promise<void> {
    return this.#ledger.serialize(async () => {
      const fresh = await this.#withoutKnown(jobs);
      if (fresh.length + notes.length === 0) return;
      const atOnce = this.#deliveredAtOnce(fresh);
      const delayed: string[] = [];
      const delivered: DeliveredJob<T>[] = [];
      const changes = fresh.flatMap((job) => this.#changesFor(job, atOnce.has(job) ? delivered : undefined, delayed));
      await this.#write([...notes.map(noteChange), ...changes], fresh.length, delivered);
      for (const key of delayed) this.#picker.addDelayed(key);
      this.#consumer?.wake();
    });
  }

  consume(handler: JobHandler<T>, options: ConsumeOptions): QueueConsumer {
    const { concurrency, total = concurrency, idleAtFirst, faults } = options;
    if (this.#consumer) throw new Error(`the queue ${this.name} has a consumer already`);
    const consumer = new StoredConsumer<T>(this.#active, handler, Math.min(concurrency, total), idleAtFirst, faults);
    this.#consumer = consumer;
    consumer.wake();
    const stop = async (): Promise<void> => {
      const stopped = consumer.stop();
      // Outcomes that wait for the store get one more retry.
      this.writer.flushOrRetry();
      await stopped;
      if (this.#consumer === consumer) this.#consumer = undefined;
    };
    return { stop };
  }

  async counts(): Promise<QueueCounts> {
    await this.#ledger.ready();
    let oldestAt = await this.#oldestAt();
    // The counts are those of the store: wait until returned outcomes are durable.
    if (await this.#ledger.flush()) oldestAt = await this.#oldestAt();
    await this.#ledger.ready();
    return { ...this.#ledger.counts, oldestAt };
  }

  async pending(): Promise<number> {
    await this.#ledger.ready();
    await this.#ledger.flush();
    await this.#ledger.ready();
    const { waiting, active } = this.#ledger.counts;
    return waiting + active;
  }

  async hasFewerThan(jobs: number): Promise<boolean> {
    await this.#ledger.ready();
    return this.#ledger.pending < jobs;
  }

  failed(): AsyncIterable<FailedJob<T>> {
    return this.#failed.all();
  }

  retry(id: string): Promise<boolean> {
    return this.#failed.retry(id);
  }

  retryAll(): Promise<number> {
    return this.#failed.retryAll();
  }

  remove(id: string): Promise<boolean> {
    return this.#failed.remove(id);
  }

  release(): Promise<void> {
    this.onRelease();
    return Promise.resolve();
  }

  /** Reloads its state after the store was reopened. */
  async reload(): Promise<void> {
    await this.#ledger.reload();
    await this.#active.reload();
    this.#picker.reset();
  }

  /** Resumes delivery once the store is usable. */
  resume(): void {
    this.#consumer?.wake();
  }

  /** Stops delivery. */
  close(): void {
    void this.#consumer?.stop();
  }

  async #oldestAt(): Promise<number | undefined> {
    const list = this.#records.keys.list('data');
    const [oldest] = await this.store.range({ gt: list, lt: endOf(list), limit: 1 });
    return oldest && this.#records.parse<JobRecord<T>>(oldest[1]).addedAt;
  }

  /** The jobs whose names are not in the queue. Of several jobs with the same name, the first. */
  async #withoutKnown(jobs: readonly NewJob<T>[]): Promise<NewJob<T>[]> {
    const byName = new Map<string, NewJob<T>>();
    for (const job of jobs) if (!byName.has(job.id)) byName.set(job.id, job);
    const unique = [...byName.values()];
    if (unique.every(({ isNew }) => isNew)) return unique;
    const known = await this.store.getMany(unique.map(({ id }) => this.#records.keys.id(id)));
    return unique.filter((_, i) => known[i] === undefined);
  }

  /** The jobs to deliver by the write that adds them: as many as the consumer has free slots, if no other job is waiting. */
  #deliveredAtOnce(jobs: readonly NewJob<T>[]): Set<NewJob<T>> {
    const slots = this.#ledger.waiting === 0 ? (this.#consumer?.slotsForAdded ?? 0) : 0;
    return new Set(jobs.filter(({ delayMs = 0 }) => delayMs <= 0).slice(0, slots));
  }

  /** @param delivered Receives the job if it is delivered at once; undefined if the job must wait. */
  #changesFor(job: NewJob<T>, delivered: DeliveredJob<T>[] | undefined, delayed: string[]): StoreChange[] {
    const { id, data, attempts = 0 } = job;
    const { keys } = this.#records;
    const number = this.#ledger.nextNumber();
    const record: JobRecord<T> = { id, addedAt: Date.now(), data };
    const entry = put(keys.data(number), record);
    if (!delivered) return [put(keys.id(id), number), entry, this.#waitingEntry(job, number, delayed)];
    const mark = this.#active.markAdded(number, { attempts });
    delivered.push({ number, read: () => this.#active.added(number, entry.value, { attempts }) });
    return [put(keys.id(id), number), entry, mark];
  }

  #waitingEntry({ delayMs = 0, attempts = 0 }: NewJob<T>, number: number, delayed: string[]): StoreChange {
    const { keys } = this.#records;
    if (delayMs <= 0) return put(keys.ready(number), { attempts });
    const key = keys.later(this.clock.now() + delayMs, number);
    delayed.push(key);
    return put(key, { attempts });
  }

  async #write(changes: StoreChange[], added: number, delivered: readonly DeliveredJob<T>[]): Promise<void> {
    const active = delivered.length;
    const writing = this.#ledger.write(changes, { waiting: added - active, active });
    this.#consumer?.deliverAdded(
      delivered.map(({ read }) => read),
      writing,
    );
    try {
      await writing;
    } catch (error) {
      this.#active.undoAdded(delivered.map(({ number }) => number));
      throw error;
    }
  }
}
