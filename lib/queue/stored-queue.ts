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
import { endOf, type JobRecord } from './stored-job.js';

/** A job that is delivered by the write that adds it. */
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

  /** @param onRelease Called when it is released. */
  constructor(
    private readonly name: string,
    private readonly store: OrderedStore,
    private readonly writer: GroupWriter,
    private readonly clock: SteadyClock,
    private readonly onRelease: () => void,
  ) {
    const workedOn = new Set<number>();
    const records = new JobRecords(store, name);
    const ledger = new QueueLedger(records, writer, clock, (number) => workedOn.has(number));
    const picker = new JobPicker(records, clock);
    this.#active = new ActiveJobs(records, ledger, writer, picker, clock, workedOn);
    this.#failed = new FailedJobs(records, ledger, () => this.#consumer?.wake());
    this.#records = records;
    this.#ledger = ledger;
    this.#picker = picker;
  }

  add(jobs: readonly NewJob<T>[], notes: readonly NoteChange[] = []): Promise<void> {
    return this.#ledger.inTurn(async () => {
      const fresh = await this.#withoutKnown(jobs);
      if (fresh.length + notes.length === 0) return;
      const atOnce = this.#deliveredAtOnce(fresh);
      const later: string[] = [];
      const started: DeliveredJob<T>[] = [];
      const changes = fresh.flatMap((job) => this.#added(job, atOnce.has(job) ? started : undefined, later));
      await this.#write([...notes.map(noteChange), ...changes], fresh.length, started);
      for (const key of later) this.#picker.noteLater(key);
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
      // An outcome that waits for the store has one more try.
      this.writer.hurry();
      await stopped;
      if (this.#consumer === consumer) this.#consumer = undefined;
    };
    return { stop };
  }

  async counts(): Promise<QueueCounts> {
    await this.#ledger.ready();
    let oldestAt = await this.#oldestAt();
    // Counts what is durable; outcomes that were given are waited for, so that they count.
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

  /** Reads its state again: the store was reopened. */
  async reload(): Promise<void> {
    await this.#ledger.reload();
    await this.#active.reload();
    this.#picker.reset();
  }

  /** Delivers again: the store can be used again. */
  resume(): void {
    this.#consumer?.wake();
  }

  /** Delivers no more. */
  close(): void {
    void this.#consumer?.stop();
  }

  async #oldestAt(): Promise<number | undefined> {
    const list = this.#records.keys.list('data');
    const [oldest] = await this.store.range({ gt: list, lt: endOf(list), limit: 1 });
    return oldest && this.#records.parse<JobRecord<T>>(oldest[1]).addedAt;
  }

  /** The jobs whose names are not in the queue, the first of each name. */
  async #withoutKnown(jobs: readonly NewJob<T>[]): Promise<NewJob<T>[]> {
    const byName = new Map<string, NewJob<T>>();
    for (const job of jobs) if (!byName.has(job.id)) byName.set(job.id, job);
    const unique = [...byName.values()];
    const known = await this.store.getMany(unique.map(({ id }) => this.#records.keys.id(id)));
    return unique.filter((_, i) => known[i] === undefined);
  }

  /** The jobs that are delivered by the write that adds them: those that the consumer has room for, when no other waits. */
  #deliveredAtOnce(jobs: readonly NewJob<T>[]): Set<NewJob<T>> {
    const room = this.#ledger.waiting === 0 ? (this.#consumer?.room ?? 0) : 0;
    return new Set(jobs.filter(({ delayMs = 0 }) => delayMs <= 0).slice(0, room));
  }

  /** @param started Where it goes when it is delivered at once. */
  #added(job: NewJob<T>, started: DeliveredJob<T>[] | undefined, later: string[]): StoreChange[] {
    const { id, data, attempts = 0 } = job;
    const { keys } = this.#records;
    const number = this.#ledger.nextNumber();
    const record: JobRecord<T> = { id, addedAt: Date.now(), data };
    const kept = put(keys.data(number), record);
    if (!started) return [put(keys.id(id), number), kept, this.#waits(job, number, later)];
    const mark = this.#active.markAdded(number, { attempts });
    started.push({ number, read: () => this.#active.added(number, kept.value, { attempts }) });
    return [put(keys.id(id), number), kept, mark];
  }

  #waits({ delayMs = 0, attempts = 0 }: NewJob<T>, number: number, later: string[]): StoreChange {
    const { keys } = this.#records;
    if (delayMs <= 0) return put(keys.ready(number), { attempts });
    const key = keys.later(this.clock.now() + delayMs, number);
    later.push(key);
    return put(key, { attempts });
  }

  async #write(changes: StoreChange[], added: number, started: readonly DeliveredJob<T>[]): Promise<void> {
    const active = started.length;
    const writing = this.#ledger.write(changes, { waiting: added - active, active });
    this.#consumer?.take(
      started.map(({ read }) => read),
      writing,
    );
    try {
      await writing;
    } catch (error) {
      this.#active.takeBack(started.map(({ number }) => number));
      throw error;
    }
  }
}
