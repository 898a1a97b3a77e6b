import type {
  ConsumeOptions,
  DurableQueue,
  FailedJob,
  JobHandler,
  NewJob,
  NoteChange,
  QueueConsumer,
  QueueCounts,
} from '../queue/durable-queue.js';
import { BullMqConsumer } from './bull-mq-consumer.js';
import { BullMqFailedJobs } from './bull-mq-failed-jobs.js';
import { BullMqStore, type BullMqStoreParts } from './bull-mq-store.js';

/** A queue in Redis. */
export class BullMqQueue<T> implements DurableQueue<T> {
  readonly #store: BullMqStore<T>;
  readonly #failed: BullMqFailedJobs<T>;
  #consumer: BullMqConsumer<T> | undefined;

  constructor(
    private readonly parts: BullMqStoreParts,
    private readonly name: string,
    private readonly onLetGo: () => void,
  ) {
    this.#store = new BullMqStore(parts, name);
    this.#failed = new BullMqFailedJobs(parts.link, this.#store);
  }

  add(jobs: readonly NewJob<T>[], notes: readonly NoteChange[] = []): Promise<void> {
    return this.#store.add(jobs, notes);
  }

  consume(handler: JobHandler<T>, options: ConsumeOptions): QueueConsumer {
    if (this.#consumer) throw new Error(`the queue ${this.name} has a consumer already`);
    const { link, leaseMs } = this.parts;
    const consumer = new BullMqConsumer<T>({ link, leaseMs, store: this.#store, handler, options });
    this.#consumer = consumer;
    const stop = async (): Promise<void> => {
      await consumer.stop();
      if (this.#consumer === consumer) this.#consumer = undefined;
    };
    return { stop };
  }

  async counts(): Promise<QueueCounts> {
    await this.#consumer?.flush();
    return this.#store.counts();
  }

  async pending(): Promise<number> {
    const { waiting, active } = await this.counts();
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

  /** Ends handing out. @param within Resolves when there is no more time. */
  async abandon(within: Promise<unknown>): Promise<void> {
    await this.#consumer?.abandon(within);
  }

  async letGo(): Promise<void> {
    this.onLetGo();
    await this.close();
  }

  async close(): Promise<void> {
    await this.#store.close();
  }
}
