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
import { BullMqAccess, type BullMqParts } from './bull-mq-access.js';
import { BullMqAdditions } from './bull-mq-additions.js';
import { BullMqConsumer } from './bull-mq-consumer.js';
import { BullMqFailedJobs } from './bull-mq-failed-jobs.js';
import { BullMqJobs } from './bull-mq-jobs.js';

/** A queue in Redis. */
export class BullMqQueue<T> implements DurableQueue<T> {
  readonly additions: BullMqAdditions<T>;
  readonly #access: BullMqAccess;
  readonly #jobs: BullMqJobs<T>;
  readonly #failed: BullMqFailedJobs<T>;
  #consumer: BullMqConsumer<T> | undefined;

  /** @param onLetGo Called when it is released. */
  constructor(
    parts: BullMqParts,
    private readonly name: string,
    private readonly onLetGo: () => void,
  ) {
    this.#access = new BullMqAccess(parts, name);
    this.additions = new BullMqAdditions(this.#access);
    this.#jobs = new BullMqJobs(this.#access);
    this.#failed = new BullMqFailedJobs(this.#access);
  }

  add(jobs: readonly NewJob<T>[], notes: readonly NoteChange[] = []): Promise<void> {
    return this.additions.add(jobs, notes);
  }

  consume(handler: JobHandler<T>, options: ConsumeOptions): QueueConsumer {
    if (this.#consumer) throw new Error(`the queue ${this.name} has a consumer already`);
    const { link, leaseMs } = this.#access;
    const marker = this.#access.key('marker');
    const consumer = new BullMqConsumer<T>({ link, leaseMs, marker, jobs: this.#jobs, handler, options });
    this.#consumer = consumer;
    const stop = async (): Promise<void> => {
      await consumer.stop();
      if (this.#consumer === consumer) this.#consumer = undefined;
    };
    return { stop };
  }

  async counts(): Promise<QueueCounts> {
    await this.#consumer?.flush();
    const { link, added } = this.#access;
    const lists = ['wait', 'paused', 'prioritized', 'delayed', 'active', 'failed'].map((list) =>
      this.#access.key(list),
    );
    const answer = await link.script<Counted>('oursms:counts', ...lists, added, this.#access.key(''));
    const [waiting, active, failed, oldest] = answer;
    return { waiting, active, failed, oldestAt: oldest === '' ? undefined : Number(oldest) };
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

  async letGo(): Promise<void> {
    this.onLetGo();
    await this.close();
    await this.#access.tidyUp();
  }

  /** Stops delivering. @param over Resolves when there is no more time. */
  async abandon(over: Promise<unknown>): Promise<void> {
    await this.#consumer?.abandon(over);
  }

  async close(): Promise<void> {
    await this.#access.close();
  }
}

type Counted = [waiting: number, active: number, failed: number, oldest: string];
