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
import { BullMqDeliveries, type BullMqParts } from './bull-mq-deliveries.js';
import { takeOverEarlierJobs } from './earlier-jobs.js';
import { JobRecords, type Delivery } from './job-records.js';
import type { Spool } from './spool.js';

/** A queue in Redis: its jobs are records of this module, and BullMQ delivers them. */
export class BullMqQueue<T> implements DurableQueue<T> {
  /** Where jobs are kept until Redis has them. */
  spool: Spool | undefined;
  readonly #records: JobRecords<T>;
  readonly #deliveries: BullMqDeliveries;
  #consumer: BullMqConsumer<T> | undefined;
  /** Resolves when the jobs of an earlier version were taken over. */
  #upToDate: Promise<void> | undefined;
  #hasRecovered = false;

  /** @param onRelease Called when it is released. */
  constructor(
    private readonly parts: BullMqParts,
    private readonly name: string,
    private readonly onRelease: () => void,
  ) {
    this.#records = new JobRecords(parts.link, parts.keys, name);
    this.#deliveries = new BullMqDeliveries(parts, name);
  }

  async add(jobs: readonly NewJob<T>[], notes: readonly NoteChange[] = []): Promise<void> {
    if (this.spool) return this.spool.add(this.name, jobs, notes);
    await this.#takeOver();
    await this.#deliver(await this.#records.add(jobs, notes));
  }

  /** Adds a list once, however often it is tried, also by a later process. @param list Names the list. */
  async addOnce(list: string, jobs: readonly NewJob<T>[], notes: readonly NoteChange[]): Promise<void> {
    await this.#takeOver();
    await this.#deliver(await this.#records.addOnce(list, jobs, notes));
  }

  /** A list is not tried again. */
  forgetOnce(list: string): Promise<void> {
    return this.#records.forgetOnce(list);
  }

  consume(handler: JobHandler<T>, options: ConsumeOptions): QueueConsumer {
    if (this.#consumer) throw new Error(`the queue ${this.name} has a consumer already`);
    const consumer = new BullMqConsumer<T>({
      link: this.parts.link,
      records: this.#records,
      deliveries: this.#deliveries,
      handler,
      options,
      deliver: (deliveries) => this.#deliver(deliveries),
      recover: () => this.#recover(),
      sendUnsent: async () => this.#deliver(await this.#records.unsent(this.#deliveries.leaseMs)),
    });
    this.#consumer = consumer;
    const stop = async (): Promise<void> => {
      await consumer.stop();
      if (this.#consumer === consumer) this.#consumer = undefined;
    };
    return { stop };
  }

  async counts(): Promise<QueueCounts> {
    await this.#takeOver();
    await this.#consumer?.flush();
    const [active, { live, failed, oldestAt }] = await Promise.all([this.#deliveries.active(), this.#records.counts()]);
    // One whose outcome is kept may still be on its way out of BullMQ.
    const delivered = Math.min(active, live);
    return { waiting: live - delivered + this.#onTheWay, active: delivered, failed, oldestAt };
  }

  async pending(): Promise<number> {
    await this.#takeOver();
    await this.#consumer?.flush();
    return (await this.#records.counts()).live + this.#onTheWay;
  }

  async *failed(): AsyncIterable<FailedJob<T>> {
    await this.#takeOver();
    for await (const page of this.#records.failedPages()) yield* page;
  }

  async retry(id: string): Promise<boolean> {
    await this.#takeOver();
    const retried = await this.#records.retry(id);
    if (!retried) return false;
    await this.#deliver([retried.again]);
    await this.#deliveries.withdraw([retried.former]);
    return true;
  }

  async retryAll(): Promise<number> {
    await this.#takeOver();
    let count = 0;
    for await (const page of this.#records.failedPages()) {
      const retried = await Promise.all(page.map(({ id }) => this.#records.retry(id)));
      const all = retried.flatMap((one) => one ?? []);
      count += all.length;
      await this.#deliver(all.map(({ again }) => again));
      await this.#deliveries.withdraw(all.map(({ former }) => former));
    }
    return count;
  }

  async remove(id: string): Promise<boolean> {
    await this.#takeOver();
    const former = await this.#records.remove(id);
    if (former !== undefined) await this.#deliveries.withdraw([former]);
    return former !== undefined;
  }

  async release(): Promise<void> {
    this.onRelease();
    // What stays does no harm.
    await this.#forgetIfEmpty().catch(() => undefined);
    await this.close();
  }

  /** Stops delivering. @param over Resolves when there is no more time. */
  async abandon(over: Promise<unknown>): Promise<void> {
    await this.#consumer?.abandon(over);
  }

  async close(): Promise<void> {
    await this.#deliveries.close();
  }

  /** Jobs that Redis has not got yet. */
  get #onTheWay(): number {
    return this.spool?.count(this.name) ?? 0;
  }

  /** Has deliveries made. What fails here is made up for by a consumer: {@link JobRecords.unsent} tells it. */
  async #deliver(deliveries: readonly Delivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    try {
      await this.#deliveries.send(deliveries);
      await this.#records.sent(deliveries.map(({ delivery }) => delivery));
    } catch {
      // The jobs are kept, and so is that they were not sent.
    }
  }

  /** BullMQ gets every delivery that it should have: its part of Redis may have been emptied. */
  async #recover(): Promise<void> {
    await this.#takeOver();
    if (this.#hasRecovered) return;
    const [{ live }, known] = await Promise.all([this.#records.counts(), this.#deliveries.count()]);
    if (known >= live) this.#hasRecovered = true;
    else await this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    for await (const page of this.#records.deliveries()) await this.#deliver(page);
    this.#hasRecovered = true;
  }

  /** Takes over the jobs of version 0.1.0, whose queue in BullMQ held all of them. */
  #takeOver(): Promise<void> {
    this.#upToDate ??= this.#takeOverNow().catch((error: unknown) => {
      this.#upToDate = undefined;
      throw error;
    });
    return this.#upToDate;
  }

  async #takeOverNow(): Promise<void> {
    const { link, checks } = this.parts;
    if (!(await link.run(async () => checks.hasEarlierJobs))) return;
    await takeOverEarlierJobs(this.parts, this.name, this.#deliveries);
  }

  async #forgetIfEmpty(): Promise<void> {
    const { live, failed } = await this.#records.counts();
    if (live + failed === 0) await this.#deliveries.forget();
  }
}
