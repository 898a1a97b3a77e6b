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
import type { BullMqQueue } from './bull-mq-queue.js';
import type { Spool } from './spool.js';

/** A queue in Redis whose jobs are kept here until they are there. */
export class SpooledQueue<T> implements DurableQueue<T> {
  constructor(
    private readonly queue: BullMqQueue<T>,
    private readonly name: string,
    private readonly spool: Spool,
  ) {}

  add(jobs: readonly NewJob<T>[], notes: readonly NoteChange[] = []): Promise<void> {
    return this.spool.add(this.name, jobs, notes);
  }

  consume(handler: JobHandler<T>, options: ConsumeOptions): QueueConsumer {
    return this.queue.consume(handler, options);
  }

  async counts(): Promise<QueueCounts> {
    const counts = await this.queue.counts();
    return { ...counts, waiting: counts.waiting + this.spool.count(this.name) };
  }

  async pending(): Promise<number> {
    return (await this.queue.pending()) + this.spool.count(this.name);
  }

  failed(): AsyncIterable<FailedJob<T>> {
    return this.queue.failed();
  }

  retry(id: string): Promise<boolean> {
    return this.queue.retry(id);
  }

  retryAll(): Promise<number> {
    return this.queue.retryAll();
  }

  letGo(): Promise<void> {
    return this.queue.letGo();
  }

  remove(id: string): Promise<boolean> {
    return this.queue.remove(id);
  }
}
