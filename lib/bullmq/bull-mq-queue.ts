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
import { BullMqDeliveries } from './bull-mq-deliveries.js';
import { DeliveryDispatcher } from './delivery-dispatcher.js';
import { EarlierJobs } from './earlier-jobs.js';
import { JobRecords } from './job-records.js';
import type { RedisChecks } from './redis-checks.js';
import type { RedisKeys } from './redis-keys.js';
import type { RedisLink } from './redis-link.js';
import type { Spool } from './spool.js';

/** A queue in Redis: its jobs are records of this module, and BullMQ delivers them. */
export class BullMqQueue<T> implements DurableQueue<T> {
  /** Stores jobs on the local disk until Redis has them. Absent: jobs go straight to Redis. */
  spool: Spool | undefined;
  readonly #records: JobRecords<T>;
  readonly #deliveries: BullMqDeliveries;
  readonly #dispatcher: DeliveryDispatcher;
  readonly #earlierJobs: EarlierJobs;
  #consumer: BullMqConsumer<T> | undefined;

  /** @param onRelease Called when the queue is released. */
  constructor(
    private readonly link: RedisLink,
    keys: RedisKeys,
    checks: RedisChecks,
    leaseMs: number,
    private readonly name: string,
    private readonly onRelease: () => void,
  ) {
    this.#records = new JobRecords(link, keys, name);
    this.#deliveries = new BullMqDeliveries(link, keys, checks, leaseMs, name);
    this.#dispatcher = new DeliveryDispatcher(this.#records, this.#deliveries);
    this.#earlierJobs = new EarlierJobs(link, keys, checks, this.#deliveries, name);
  }

  async add(jobs: readonly NewJob<T>[], notes: readonly NoteChange[] = []): Promise<void> {
    if (this.spool) return this.spool.add(this.name, jobs, notes);
    await this.#earlierJobs.takeOver();
    await this.#dispatcher.send(await this.#records.add(jobs, notes));
  }

  /** Like {@link add}, but a repeated call with the same batch adds nothing, even from a later process. */
  async addBatch(batch: string, jobs: readonly NewJob<T>[], notes: readonly NoteChange[]): Promise<void> {
    await this.#earlierJobs.takeOver();
    await this.#dispatcher.send(await this.#records.addBatch(batch, jobs, notes));
  }

  /** Forgets that a batch was added: call it when the batch is never added again. */
  forgetBatch(batch: string): Promise<void> {
    return this.#records.forgetBatch(batch);
  }

  consume(handler: JobHandler<T>, options: ConsumeOptions): QueueConsumer {
    if (this.#consumer) throw new Error(`the queue ${this.name} has a consumer already`);
    const consumer = new BullMqConsumer<T>(
      this.link,
      this.#earlierJobs,
      this.#records,
      this.#deliveries,
      this.#dispatcher,
      handler,
      options,
    );
    this.#consumer = consumer;
    const stop = async (): Promise<void> => {
      await consumer.stop();
      if (this.#consumer === consumer) this.#consumer = undefined;
    };
    return { stop };
  }

  async counts(): Promise<QueueCounts> {
    await this.#earlierJobs.takeOver();
    await this.#consumer?.flush();
    const [active, { live, failed, oldestAt }] = await Promise.all([this.#deliveries.active(), this.#records.counts()]);
    // BullMQ may still have deliveries of jobs whose outcome is durable.
    const delivered = Math.min(active, live);
    return { waiting: live - delivered + this.#spooled, active: delivered, failed, oldestAt };
  }

  async pending(): Promise<number> {
    await this.#earlierJobs.takeOver();
    await this.#consumer?.flush();
    return (await this.#records.counts()).live + this.#spooled;
  }

  async hasFewerThan(jobs: number): Promise<boolean> {
    await this.#earlierJobs.takeOver();
    if ((await this.#records.counts()).live + this.#spooled < jobs) return true;
    // Outcomes that are not written yet may make the difference.
    return (await this.pending()) < jobs;
  }

  async *failed(): AsyncIterable<FailedJob<T>> {
    await this.#earlierJobs.takeOver();
    for await (const page of this.#records.failedPages()) yield* page;
  }

  async retry(id: string): Promise<boolean> {
    await this.#earlierJobs.takeOver();
    const retried = await this.#records.retry(id);
    if (!retried) return false;
    await this.#dispatcher.send([retried.again]);
    await this.#deliveries.withdraw([retried.former]);
    return true;
  }

  async retryAll(): Promise<number> {
    await this.#earlierJobs.takeOver();
    let count = 0;
    for await (const page of this.#records.failedPages()) {
      const retried = await Promise.all(page.map(({ id }) => this.#records.retry(id)));
      const all = retried.flatMap((one) => one ?? []);
      count += all.length;
      await this.#dispatcher.send(all.map(({ again }) => again));
      await this.#deliveries.withdraw(all.map(({ former }) => former));
    }
    return count;
  }

  async remove(id: string): Promise<boolean> {
    await this.#earlierJobs.takeOver();
    const former = await this.#records.remove(id);
    if (former !== undefined) await this.#deliveries.withdraw([former]);
    return former !== undefined;
  }

  async release(): Promise<void> {
    this.onRelease();
    // Leftovers in BullMQ do no harm.
    await this.#forgetIfEmpty().catch(() => undefined);
    await this.close();
  }

  /** Stops the consumer when the engine closes. @param over Resolves when no time is left. */
  async abandon(over: Promise<unknown>): Promise<void> {
    await this.#consumer?.abandon(over);
  }

  async close(): Promise<void> {
    await this.#deliveries.close();
  }

  /** Number of jobs that are not in Redis yet. */
  get #spooled(): number {
    return this.spool?.count(this.name) ?? 0;
  }

  async #forgetIfEmpty(): Promise<void> {
    const { live, failed } = await this.#records.counts();
    if (live + failed === 0) await this.#deliveries.forget();
  }
}
